"""Housekeeping by the scheduler."""

from celery import shared_task
from django.core.management import call_command


@shared_task(name="accounts.clear_sessions", ignore_result=True)
def clear_sessions() -> None:
    """Remove sessions that have expired, and the cache's expired rows go by themselves."""
    call_command("clearsessions")

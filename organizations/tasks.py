"""Housekeeping by the scheduler."""

from celery import shared_task
from oauth2_provider.models import clear_expired


@shared_task(name="organizations.clear_tokens", ignore_result=True)
def clear_tokens() -> None:
    """Remove tokens of the Web API that have expired."""
    clear_expired()

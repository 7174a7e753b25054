"""What the scheduler rings for in this room."""

from celery import shared_task
from django.utils import timezone

from domains.services import expiring, rechecking


@shared_task(name="domains.warn_of_expiry", ignore_result=True)
def warn_of_expiry() -> None:
    """E-mails about certificates in use that are about to end."""
    expiring.warn(now=timezone.now())


@shared_task(name="domains.recheck", ignore_result=True)
def recheck() -> None:
    """Whether custom domains still lead here; those that do not for seven days are given up."""
    rechecking.recheck(now=timezone.now())
    rechecking.recheck_dangling(now=timezone.now())

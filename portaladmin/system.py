"""The page System: is everything at work that should be?"""

from __future__ import annotations

from dataclasses import dataclass

import redis
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import permissions
from accounts.models import User
from jobs.models import Job, Worker
from jobs.queries import Due, oldest_due
from jobs.states import ACTIVE, LEASED, JobState
from portaladmin.health import WORKER_SEEN


@dataclass(frozen=True)
class Health:
    """What support staff look at first. `queue` is the number of messages that wait; None: the broker is away.

    A worker's last sign of life is also the reconciler's last pass there, since one thread does both.
    """

    workers: list[Worker]
    queue: int | None
    oldest: Due | None
    active: int
    expired: int


def look() -> Health:
    """Five queries and one question to the broker."""
    return Health(
        workers=list(Worker.objects.filter(seen_at__gt=Now() - WORKER_SEEN).order_by("host", "started_at")),
        queue=_queue(),
        oldest=oldest_due(),
        active=Job.objects.filter(state__in=ACTIVE).count(),
        expired=Job.objects.filter(state__in=LEASED, lease_expires_at__lt=Now()).count(),
    )


def _queue() -> int | None:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            length = client.llen(settings.CELERY_TASK_DEFAULT_QUEUE)
            return int(length) if isinstance(length, int) else None
    except (redis.RedisError, OSError):
        return None


@never_cache
@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """For those who manage the whole tenant."""
    if not isinstance(request.user, User) or not permissions.is_tenant_administrator(request.user):
        raise PermissionDenied(gettext("This page is for global administrators and support staff."))
    quarantined = Job.objects.filter(state=JobState.QUARANTINED, restarts=None).count()
    return render(request, "shell/system.html", {"health": look(), "quarantined": quarantined})

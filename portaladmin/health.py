"""Is this process alive, and can the whole installation do its work?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.models.functions import Now
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jobs.models import Worker

WORKER_SEEN = timedelta(seconds=15)


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, broker and a worker; 503 names what is missing, in words that tell a stranger nothing else."""
    checks = {"database": _ask(_database), "broker": _ask(_broker), "worker": _ask(_worker)}
    ready = all(state == "ok" for state in checks.values())
    return JsonResponse({"status": "ok" if ready else "unavailable", **checks}, status=200 if ready else 503)


def _ask(check: Callable[[], bool]) -> str:
    try:
        return "ok" if check() else "missing"
    except (DatabaseError, InterfaceError, redis.RedisError, OSError):
        return "unavailable"


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


def _broker() -> bool:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
        return bool(client.ping())


def _worker() -> bool:
    return Worker.objects.filter(seen_at__gt=Now() - WORKER_SEEN).exists()

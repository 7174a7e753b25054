"""Forgets finished jobs after a time, with their steps and events.

What something still stands on stays: a portal's present job, a consent's, and jobs whose resources are still there.
Small transactions, so that nothing waits for the night's cleaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.audit import Subject, Verb
from jobs import drill
from jobs.models import Job, Resource
from jobs.states import FINISHED

DAYS = 365
BATCH = 500
# No drill takes nearly so long: what is older was left by one that was killed.
DRILL_IS_OVER_AFTER = timedelta(hours=6)


@dataclass(frozen=True)
class Purged:
    """How many jobs were removed (or would be), and how many old ones are still needed."""

    removed: int
    kept: int


def purge(*, older_than: timedelta, dry_run: bool = False, batch: int = BATCH) -> Purged:
    """Remove the jobs that ended longer ago than this, in batches."""
    now = timezone.now()
    old = _ended_before(now - older_than)
    free = _without_need(old)
    kept = old.count() - free.count()
    drills = _left_by_drills(now)
    if dry_run:
        return Purged((free | drills).count(), kept)
    removed = _remove(free, batch)
    if removed:
        before = {"jobs": removed, "ended_before": (now - older_than).isoformat(timespec="seconds")}
        audit.record(Verb.PURGE_JOBS, subject=Subject("job"), before=before)
    return Purged(removed + _remove(drills, batch), kept)


def remove_drills(ids: Sequence[UUID] | None = None) -> int:
    """Remove these jobs of a drill, or all that drills left; to be called by whoever knows that none is going on."""
    left = Job.objects.filter(kind=drill.KIND)
    return _remove(left if ids is None else left.filter(pk__in=ids), BATCH)


def _ended_before(moment: datetime) -> QuerySet[Job]:
    # The second bound says nothing new, but it is the one that has an index.
    return Job.objects.filter(
        state__in=[state.value for state in FINISHED], finished_at__lt=moment, created_at__lt=moment
    )


def _left_by_drills(now: datetime) -> QuerySet[Job]:
    return Job.objects.filter(kind=drill.KIND, created_at__lt=now - DRILL_IS_OVER_AFTER)


def _without_need(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Those that no protecting row of any room points at; released resources do not count."""
    return jobs.filter(*(~Exists(rows.filter(**{name: OuterRef("pk")})) for rows, name in _protectors()))


def _protectors() -> list[tuple[QuerySet[models.Model], str]]:
    """Rows that forbid the removal of a job, and the field by which they point at it."""
    found: list[tuple[QuerySet[models.Model], str]] = []
    for relation in Job._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and relation.on_delete is models.PROTECT:
            rows = relation.related_model._default_manager.all()
            if relation.related_model is Resource:
                rows = rows.exclude(state=Resource.State.RELEASED)
            found.append((rows, relation.field.name))
    return found


def _remove(jobs: QuerySet[Job], batch: int) -> int:
    removed = 0
    after: tuple[datetime, UUID] | None = None
    while True:
        # By age, behind the last batch: what somebody holds just now is left to the next night.
        rest = jobs if after is None else jobs.filter(_behind(*after))
        with transaction.atomic():
            rows = list(
                rest.order_by("created_at", "id")
                .select_for_update(skip_locked=True, of=("self",))
                .values_list("created_at", "id")[:batch]
            )
            if not rows:
                return removed
            ids = [row[1] for row in rows]
            Resource.objects.filter(job_id__in=ids, state=Resource.State.RELEASED).delete()
            Job.objects.filter(pk__in=ids).delete()
        removed += len(rows)
        after = rows[-1]


def _behind(created_at: datetime, job_id: UUID) -> Q:
    return Q(created_at__gt=created_at) | Q(created_at=created_at, id__gt=job_id)

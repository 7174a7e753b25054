"""Recovers what workers left behind. Runs in every worker every second, never itself as a job.

It judges by lease and fence, never by age: a slow step is not a dead one. Rows are locked with SKIP LOCKED, so that
several reconcilers share the work. It tends only kinds that its process knows: of others it could not tell their room
how they ended, and its bell would be heard by nobody who could run them (a deploy, a drill).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from jobs import doorbell, registry, settle, transitions
from jobs.models import Job
from jobs.owner import Owner, prefix_here
from jobs.states import ACTIVE, LEASED, JobState
from jobs.transitions import Ending

log = logging.getLogger(__name__)

CLAIMS_BEFORE_QUARANTINE = 4
BATCH = 100
ACTOR = "reconciler"

_QUARANTINED = Ending(
    JobState.QUARANTINED,
    "quarantined",
    "quarantined",
    f"{CLAIMS_BEFORE_QUARANTINE} workers died while they did this step. Nobody takes it until it is restarted.",
)
_DEADLINE = Ending(JobState.FAILED, "deadline-passed", "deadline", "It took longer than such a job may take.")


def reconcile() -> int:
    """One pass; how many jobs were moved or rung for."""
    return _take_over() + _expire() + ring_due()


def _each(rows: QuerySet[Job], act: Callable[[Job], object]) -> int:
    """Act on each row in its own transaction, so that one that cannot be mended does not keep the others."""
    count = 0
    for job_id in rows.values_list("id", flat=True)[:BATCH]:
        try:
            with transaction.atomic():
                job = rows.select_for_update(skip_locked=True, of=("self",)).filter(pk=job_id).first()
                if job is not None and act(job):
                    count += 1
        except DatabaseError:
            log.exception("Job %s could not be mended; the next pass tries again.", job_id)
    return count


def _take_over() -> int:
    gone = Q(lease_expires_at__lt=Now())
    if dead := _dead_owners():
        gone |= Q(lease_owner__in=dead)
    return _each(_ours().filter(gone, state__in=LEASED), _recover)


def _ours() -> QuerySet[Job]:
    return Job.objects.filter(kind__in=registry.names())


def _dead_owners() -> list[str]:
    """Owners of leases that were processes of this host and are not alive any more."""
    here = Job.objects.filter(state__in=LEASED, lease_owner__startswith=prefix_here())
    owners = here.values_list("lease_owner", flat=True).distinct()
    return [text for text in owners if Owner.parse(text).is_dead()]


def _recover(job: Job) -> bool:
    why = f"Its worker {job.lease_owner.rsplit('/', 2)[1]} is gone."
    if job.state == JobState.CANCELLING:
        ending = Ending(JobState.CANCELLED, "cancel-confirmed-for")
        return bool(
            settle.end(job.id, ending=ending, sources=[JobState.CANCELLING], actor=ACTOR, fence=job.fence)
        )
    if job.fruitless_claims >= CLAIMS_BEFORE_QUARANTINE:
        return bool(
            settle.end(
                job.id,
                ending=_named(_QUARANTINED),
                sources=[JobState.RUNNING],
                actor=ACTOR,
                fence=job.fence,
                step=job.cursor,
            )
        )
    return bool(transitions.lose_lease(job.id, fence=job.fence, actor=ACTOR, detail=why))


def _expire() -> int:
    late = _ours().filter(deadline_at__lt=Now(), state__in=ACTIVE)
    return _each(
        late,
        lambda job: settle.end(
            job.id, ending=_named(_DEADLINE), sources=sorted(ACTIVE), actor=ACTOR, step=job.cursor
        ),
    )


def _named(ending: Ending) -> Ending:
    """The ending with an Error ID of its own."""
    return Ending(ending.state, ending.event, ending.error_code, ending.error_message, settle.new_error_id())


# Rung for at once when it falls due, then after 30 s, 1 min, 2 min … at most 16 min: a doorbell that nobody hears must
# not flood the broker. Jobs that wait for another one's serial key are rung for when that one ends.
_DUE = """
UPDATE jobs_job SET rung_at = clock_timestamp(), rings = rings + 1
WHERE id IN (
    SELECT id FROM jobs_job AS job
    WHERE state IN ('queued', 'waiting') AND run_at <= clock_timestamp() AND kind = ANY(%s)
      AND (rung_at IS NULL
           OR rung_at < clock_timestamp() - interval '30 seconds' * power(2, LEAST(GREATEST(rings - 1, 0), 5)))
      AND (serial_key IS NULL OR serial_held OR NOT EXISTS (
          SELECT 1 FROM jobs_job AS holder WHERE holder.serial_key = job.serial_key AND holder.serial_held))
    ORDER BY run_at LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id
"""


def ring_due(ring: Callable[[UUID], bool] = doorbell.ring) -> int:
    """Ring for jobs that are due; how many. When the broker takes nothing, the next pass tries again."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [registry.names(), BATCH])
        due = [row[0] for row in cursor.fetchall()]
    for number, job_id in enumerate(due):
        if not ring(job_id):
            Job.objects.filter(pk__in=due[number:]).update(rung_at=None, rings=F("rings") - 1)
            return number
    return len(due)

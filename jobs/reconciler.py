"""Recovers what workers left behind. Runs in every worker every second, never itself as a job.

It judges by lease and fence, never by age: a slow step is not a dead one. Rows are locked with SKIP LOCKED, so that
several reconcilers share the work. It tends only kinds that its process knows: of others it could not tell their room
how they ended, and its bell would be heard by nobody who could run them (a deploy, a drill).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from jobs import doorbell, registry, settle, transitions
from jobs.insist import AWAY
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
        except AWAY:
            raise
        except Exception:  # the mistake of one kind must not end the recovery of all the others
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


@dataclass(frozen=True)
class Pace:
    """How soon an unheard ring is repeated: after `first` seconds, doubling so many times."""

    first: int
    doublings: int


# A doorbell that nobody hears must not flood the broker: after 30 s, 1 min, 2 min … at most 16 min.
PATIENT = Pace(30, 5)
# With nothing left in the broker the message was lost, or its worker was: after 5 s, 10 s, 20 s, then every 40 s.
HASTY = Pace(5, 3)

# Due, not rung for lately, and not waiting for another job's serial key; that one rings when it ends.
# The time of the statement, since a clock that goes on could not be looked up in the index of what is due.
_UNHEARD = """
state IN ('queued', 'waiting') AND run_at <= statement_timestamp() AND (kind, definition) IN (
    SELECT * FROM unnest(%(kinds)s::text[], %(versions)s::integer[]))
AND (rung_at IS NULL OR rung_at < statement_timestamp()
     - interval '1 second' * %(first)s * power(2, LEAST(GREATEST(rings - 1, 0), %(doublings)s)))
AND (serial_key IS NULL OR serial_held OR NOT EXISTS (
    SELECT 1 FROM jobs_job AS holder WHERE holder.serial_key = job.serial_key AND holder.serial_held))
"""
_ANY_UNHEARD = f"SELECT EXISTS (SELECT 1 FROM jobs_job AS job WHERE {_UNHEARD})"  # noqa: S608 - constants of this module
_TAKE_UNHEARD = f"""
UPDATE jobs_job SET rung_at = clock_timestamp(), rings = rings + 1
WHERE id IN (
    SELECT id FROM jobs_job AS job WHERE {_UNHEARD} ORDER BY run_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
RETURNING id
"""  # noqa: S608 - as above


def ring_due(
    ring: Callable[[UUID], bool] = doorbell.ring, backlog: Callable[[], int | None] = doorbell.backlog
) -> int:
    """Ring for jobs that are due; how many. When the broker takes nothing, the next pass tries again."""
    with connection.cursor() as cursor:
        runnable = registry.known()
        ours: dict[str, Any] = {
            "kinds": [name for name, _ in runnable],
            "versions": [version for _, version in runnable],
        }
        cursor.execute(_ANY_UNHEARD, ours | vars(HASTY))
        if not cursor.fetchone()[0]:
            return 0
        pace = HASTY if backlog() == 0 else PATIENT
        cursor.execute(_TAKE_UNHEARD, {**ours, **vars(pace), "batch": BATCH})
        due = [row[0] for row in cursor.fetchall()]
    for number, job_id in enumerate(due):
        if not ring(job_id):
            Job.objects.filter(pk__in=due[number:]).update(rung_at=None, rings=F("rings") - 1)
            return number
    return len(due)

"""Why a job that is due does not begin, as the database tells it: pages ask often, so nobody is connected to for it.

The broker is only the doorbell. Whoever rings writes down that it heard nothing (`rung_at` is empty), and workers write
down every few seconds that they live; from both follows what people should know while they wait.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models.functions import Now

from jobs.models import Job, Worker
from jobs.states import CLAIMABLE

# A worker that gave no sign of life for so long does not count; it gives one every three seconds.
WORKER_SEEN = timedelta(seconds=15)
# A job that comes due again is first rung for by the next pass of the reconciler, which is not later than this.
NEXT_PASS = timedelta(seconds=2.5)
# The longest time that a broker which hangs keeps whoever rings.
RINGING = timedelta(seconds=4)


class Standstill(StrEnum):
    """What a job waits for that is nothing of its own."""

    WORKERS = "workers"  # no worker is alive
    BROKER = "broker"  # the broker did not take the message
    TURN = "turn"  # another job works on the same organization


def of(job: Job, now: datetime) -> Standstill | None:
    """None when nothing is known to be in its way. Two queries at most, and none unless the job is due."""
    if job.job_state not in CLAIMABLE or job.run_at > now:
        return None
    if not Worker.objects.filter(seen_at__gt=Now() - WORKER_SEEN).exists():
        return Standstill.WORKERS
    if _is_unheard(job, now):
        return Standstill.BROKER
    if job.serial_key and not job.serial_held:
        others = Job.objects.filter(serial_key=job.serial_key, serial_held=True).exclude(pk=job.pk)
        return Standstill.TURN if others.exists() else None
    return None


def _is_unheard(job: Job, now: datetime) -> bool:
    """The last ring failed. The reconciler tries again every second or so, and that ring may be under way just now."""
    # Whoever asks for a job rings in the moment in which it is due; every later ring of it repeats one that failed.
    grace = NEXT_PASS if job.claims else timedelta()
    if job.rung_at is None:
        return job.claims == 0 or now - job.run_at > grace
    return job.rings <= 1 and job.rung_at - job.run_at > grace and now - job.rung_at < RINGING

"""The end of a job: one transaction for its state, for the room that owns its kind, and for who is next in line."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from jobs import registry, trail, transitions
from jobs.doorbell import ring_on_commit
from jobs.insist import AWAY
from jobs.models import Job
from jobs.registry import Kind
from jobs.states import CLAIMABLE, JobState
from jobs.transitions import Changed, Ending

log = logging.getLogger(__name__)


def new_error_id() -> str:
    """Eight hexadecimal digits by which people, pages and logs name one failure."""
    return secrets.token_hex(4).upper()


@transaction.atomic
def end(
    job_id: UUID,
    *,
    ending: Ending,
    sources: Sequence[JobState],
    actor: str,
    fence: int | None = None,
    step: int | None = None,
) -> Changed | None:
    """End the job, tell the room of its kind, and ring for the next one of its serial key. None: refused."""
    changed = transitions.end(job_id, fence=fence, sources=sources, ending=ending, actor=actor, step=step)
    if changed is None:
        return None
    job = _settled(job_id, changed)
    if ending.error_id:
        log.error(
            "Job %s (%s) %s [%s]: %s", job_id, job.kind, ending.state, ending.error_id, ending.error_message
        )
    return changed


@transaction.atomic(savepoint=False)
def finish(job_id: UUID, *, fence: int, step: int, output: Mapping[str, Any], actor: str) -> Changed | None:
    """The checkpoint of the last step, with which the job succeeds. None: refused."""
    changed = transitions.finish(job_id, fence=fence, step=step, output=output, actor=actor)
    if changed:
        _settled(job_id, changed)
    return changed


def _settled(job_id: UUID, changed: Changed) -> Job:
    job = Job.objects.get(pk=job_id)
    kind = registry.shown(job.kind, job.definition)
    if kind is not None:
        with trail.ending(kind, job):
            _tell(kind, job)
    if changed.serial_key:
        _ring_next(changed.serial_key)
    return job


def _tell(kind: Kind, job: Job) -> None:
    """Tell the room. One that breaks keeps its job from ending, and is told again by the next worker that takes it;
    after that worker and three more it is quarantined, and ends whatever its room does."""
    if job.state != JobState.QUARANTINED:
        kind.on_settled(job)
        return
    try:
        with transaction.atomic():
            kind.on_settled(job)
    except AWAY:
        raise
    except Exception:
        log.critical("Job %s is quarantined, but its room could not be told of it.", job.id, exc_info=True)


def _ring_next(serial_key: str) -> None:
    waiting = Job.objects.filter(serial_key=serial_key, state__in=CLAIMABLE).order_by("created_at", "id")
    following = waiting.values_list("id", flat=True).first()
    if following is not None:
        ring_on_commit(following)

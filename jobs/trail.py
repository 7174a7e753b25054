"""What the audit trail tells of jobs: that they begin, are cancelled and end, and what that makes of what they work on.

What a job works on is looked at before and after by whoever its room registered, so that a change of its state is
written down whichever kind of job caused it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts import audit
from accounts.audit import Result, Subject, Verb
from accounts.words import N_
from jobs import registry
from jobs.errors import Transient
from jobs.models import Job
from jobs.registry import Kind
from jobs.states import JobState

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Look:
    """What a job works on, as the trail knows it, and those of its values whose changes are told."""

    subject: Subject
    values: Mapping[str, Any]


# From the value of one input of jobs (as text) to what they work on; None: gone.
_looks: dict[str, Callable[[str], Look | None]] = {}
_WELL = frozenset({JobState.SUCCEEDED, JobState.CANCELLED})


def register_look(name: str, look: Callable[[str], Look | None]) -> None:
    """Called at start-up by a room: jobs that have the input `name` work on what this finds."""
    _looks[name] = look


def register() -> None:
    """Called at start-up: what the trail has to know of jobs in general."""
    audit.register("job", audit.Kind(N_("Job"), url=lambda id: reverse("jobs:detail", args=[id]), find=_find))
    audit.register_forms({"jobs:restart": Verb.RESTART_JOB, "jobs:cancel": Verb.CANCEL_JOB})
    audit.register_failures(Transient)


@contextmanager
def beginning(kind: Kind, job: Job, *, by: User | None) -> Iterator[None]:
    """Around what the room of a kind does when such a job begins, in the transaction that enqueues it."""
    if not kind.audited:
        yield
        return
    before = _look(job)
    yield
    after = _look(job)
    verb = Verb.RESTART_JOB if job.restart_of_id else Verb.BEGIN_JOB
    values = {"restart_of": str(job.restart_of_id)} if job.restart_of_id else {}
    audit.record(verb, subject=_subject(kind, job, after), by=by, after={"state": job.state, **values})
    _tell_change(before, after, by=by, job=job)


@contextmanager
def ending(kind: Kind, job: Job) -> Iterator[None]:
    """The same when it ended; `job` is as it is since."""
    if not kind.audited:
        yield
        return
    before = _look(job)
    yield
    after = _look(job)
    audit.record(
        Verb.END_JOB,
        subject=_subject(kind, job, after),
        after={"state": job.state},
        result=Result.DONE if job.job_state in _WELL else Result.FAILED,
        code=job.error_code,
        reason=job.error_message,
        error_id=job.error_id,
    )
    _tell_change(before, after, by=None, job=job)


def cancelled(job_id: UUID, *, by: User | None) -> None:
    """A person asked for the end of a job."""
    job = Job.objects.get(pk=job_id)
    kind = registry.shown(job.kind, job.definition)
    if kind is not None and kind.audited:
        audit.record(
            Verb.CANCEL_JOB, subject=_subject(kind, job, _look(job)), by=by, after={"state": job.state}
        )


def _look(job: Job) -> Look | None:
    for name, look in _looks.items():
        if value := job.inputs.get(name):
            try:
                return look(str(value))
            except (ValueError, ValidationError):  # no id at all
                return None
    return None


def _subject(kind: Kind | None, job: Job, look: Look | None) -> Subject:
    title = kind.title if kind else job.kind
    if look is None:
        return Subject("job", str(job.id), title)
    works_on = look.subject
    return Subject("job", str(job.id), f"{title}: {works_on.name}", about=(works_on.kind, works_on.id))


def _tell_change(before: Look | None, after: Look | None, *, by: User | None, job: Job) -> None:
    if after is not None:
        audit.changed(
            Verb.PHASE,
            subject=after.subject,
            before=before.values if before else {},
            after=after.values,
            by=by,
            error_id=job.error_id,
        )


def _find(id: str) -> Subject | None:
    job = Job.objects.filter(pk=id).first()
    return None if job is None else _subject(registry.shown(job.kind, job.definition), job, _look(job))

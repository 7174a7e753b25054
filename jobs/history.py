"""What a job's page tells beside its steps: earlier and later attempts, what was made, what was changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext

from accounts.words import N_
from jobs.models import Job, JobEvent, Resource
from jobs.owner import Owner
from jobs.states import JobState

ATTEMPTS = 50
RESOURCES = 100
# A job that waits for days has thousands of events: how it began and how it went on last are told.
FIRST_EVENTS, LAST_EVENTS = 50, 150

# All attempts at the same work hang together by `restart_of`, back and forth.
_ATTEMPTS = """
WITH RECURSIVE before AS (
    SELECT id, restart_of_id, 0 AS distance FROM jobs_job WHERE id = %(id)s
    UNION ALL
    SELECT job.id, job.restart_of_id, before.distance - 1
    FROM jobs_job AS job JOIN before ON job.id = before.restart_of_id WHERE before.distance > -%(most)s
), after AS (
    SELECT id, 0 AS distance FROM jobs_job WHERE id = %(id)s
    UNION ALL
    SELECT job.id, after.distance + 1
    FROM jobs_job AS job JOIN after ON job.restart_of_id = after.id WHERE after.distance < %(most)s
)
SELECT id FROM before UNION SELECT id FROM after
"""


def attempts(job: Job) -> list[Job]:
    """Every attempt at the same work, oldest first, this one among them. One query."""
    ids = [row.id for row in Job.objects.raw(_ATTEMPTS, {"id": job.id, "most": ATTEMPTS})]
    rows = Job.objects.filter(pk__in=ids).select_related("requested_by")
    return sorted(rows, key=lambda attempt: (attempt.created_at, attempt.id))


_SCOPES: dict[str, str] = {
    Resource.Scope.HOSTED: N_("hosted by us: a reset removes it"),
    Resource.Scope.ORGANIZATION: N_("the organization's own: a reset leaves it"),
}
_STATES: dict[str, str] = {
    Resource.State.PLANNED: N_("about to be made"),
    Resource.State.MADE: N_("there"),
    Resource.State.RELEASED: N_("removed"),
}
_kinds: dict[str, str] = {}


def name_resources(words: Mapping[str, str]) -> None:
    """Called at start-up by a room: what people call its kinds of resources (texts for the catalogs)."""
    _kinds.update(words)


@dataclass(frozen=True)
class ResourceView:
    """One line of the ledger for people. `is_own`: this job wrote it down, not another one of the same thing."""

    resource: Resource
    kind: str
    scope: str
    state: str
    is_own: bool


def resources(job: Job) -> list[ResourceView]:
    """What was in the ledger of what the job works on while it worked, in the order in which it was made."""
    if job.exclusive_key is None:
        rows = Resource.objects.filter(job=job)
    else:
        rows = Resource.objects.filter(job__exclusive_key=job.exclusive_key)
        rows = rows.filter(Q(released_at=None) | Q(released_at__gte=job.created_at))
    if job.finished_at is not None:
        rows = rows.filter(created_at__lte=job.finished_at)
    return [_seen(row, job) for row in reversed(rows.order_by("-id")[:RESOURCES])]


def _seen(row: Resource, job: Job) -> ResourceView:
    return ResourceView(
        resource=row,
        kind=gettext(_kinds.get(row.kind, row.kind)),
        scope=gettext(_SCOPES[row.scope]),
        state=gettext(_STATES[row.state]),
        is_own=row.job_id == job.id,
    )


# From the inputs of a job to what a person entered: a label and a value each, in the reader's language.
Values = Callable[[Mapping[str, Any]], Sequence[tuple[str, str]]]
_values: dict[str, Values] = {}


def register_values(kind: str, values: Values) -> None:
    """Called at start-up by a room whose jobs may be restarted with other values."""
    _values[kind] = values


@dataclass(frozen=True)
class Change:
    """One value that differs from that of the attempt before."""

    label: str
    before: str
    after: str


def changes(job: Job) -> list[Change]:
    """What was changed against the attempt that this one takes up; empty when it has the same values."""
    describe = _values.get(job.kind)
    before = job.restart_of
    if describe is None or before is None or before.inputs == job.inputs:
        return []
    old, new = dict(describe(before.inputs)), dict(describe(job.inputs))
    labels = dict.fromkeys([*old, *new])
    return [
        Change(label, old.get(label, ""), new.get(label, ""))
        for label in labels
        if old.get(label, "") != new.get(label, "")
    ]


_EVENTS: dict[str, str] = {
    "enqueued": N_("Asked for"),
    "claimed": N_("A worker took it"),
    "advanced": N_("Step done"),
    "succeeded": N_("Done"),
    "paused": N_("Put off"),
    "released": N_("Given back by its worker"),
    "failed": N_("Failed"),
    "blocked": N_("A right is missing"),
    "cancelled": N_("Cancelled"),
    "cancel-requested": N_("Cancellation asked for"),
    "cancel-confirmed": N_("Cancellation confirmed by its worker"),
    "cancel-confirmed-for": N_("Cancellation confirmed, since its worker is gone"),
    "lease-lost": N_("Its worker was lost"),
    "quarantined": N_("Quarantined"),
    "deadline-passed": N_("It took too long"),
}


@dataclass(frozen=True)
class EventView:
    """One line of what happened. `step` counts from 1; `detail` is as it was written down, in English. `left_out`:
    how many lines are not shown that would stand before it.
    """

    name: str
    words: str
    at: datetime
    step: int | None
    state: str
    actor: str
    detail: str
    left_out: int = 0


def events(job: Job, *, words: Callable[[JobState], str]) -> list[EventView]:
    """What happened to it, oldest first: everything, or the first and the last of very much. One query, or three."""
    most = FIRST_EVENTS + LAST_EVENTS
    rows = list(job.events.order_by("-id")[: most + 1])[::-1]
    if len(rows) <= most:
        return _views(rows, words)
    first = _views(list(job.events.order_by("id")[:FIRST_EVENTS]), words)
    last = _views(rows[-LAST_EVENTS:], words)
    return [*first, replace(last[0], left_out=job.events.count() - most), *last[1:]]


def _views(rows: list[JobEvent], words: Callable[[JobState], str]) -> list[EventView]:
    return [
        EventView(
            name=event.name,
            words=gettext(_EVENTS.get(event.name, event.name)),
            at=event.at,
            step=None if event.step is None else event.step + 1,
            state=words(JobState(event.state)),
            actor=_actor(event.actor),
            detail=event.detail,
        )
        for event in rows
    ]


_ACTORS = {"system": N_("the system"), "reconciler": N_("the reconciler")}


def _actor(text: str) -> str:
    """Who or what caused it: a person by name, a worker by the number of its process."""
    if text in _ACTORS:
        return gettext(_ACTORS[text])
    try:
        return gettext("worker %(number)s") % {"number": Owner.parse(text).pid}
    except ValueError:
        return text

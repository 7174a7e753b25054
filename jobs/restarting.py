"""New attempts that people ask for: of one job, or of many that failed of the same cause.

What the engine needs to know is in `jobs.services`; the rooms add when their jobs may be begun anew, and how.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import DatabaseError

from accounts.words import N_
from jobs import registry, rights, services
from jobs.errors import JobError
from jobs.models import Job
from jobs.states import RESTARTABLE

if TYPE_CHECKING:
    from accounts.models import User

# As many as one page shows.
MOST = 50
# Seconds. A broker that hangs costs some for every job, and the browser waits.
PATIENCE = 12.0

SUCCEEDED = N_("It succeeded, so there is nothing to restart.")
STILL_ACTIVE = N_("It is still at work.")
RESTARTED = N_("It was restarted already; restart its last attempt.")
UNKNOWN = N_("Its kind is of another release, so it cannot be restarted here.")
NOT_YOURS = N_("You do not manage what it works on.")
NO_TIME = N_("It was not restarted, since the others took too long already. It is as it was; try again.")
DATABASE = N_("The database refused it, so it is as it was. Try again later.")


def _nothing_forbids(jobs: Collection[Job]) -> Mapping[UUID, str]:
    return {}


def _plainly(job: Job, user: User) -> Job:
    return services.restart(job_id=job.id, requested_by=user)


@dataclass(frozen=True)
class Rules:
    """What a room says of new attempts at jobs of a kind.

    why_not: those of these jobs that may not be begun anew now, each with the sentence that says why; for a whole page
    at once. begin: how a person begins one; raises what `services.restart` does, and JobError. who: who may.
    """

    why_not: Callable[[Collection[Job]], Mapping[UUID, str]] = _nothing_forbids
    begin: Callable[[Job, User], Job] = _plainly
    who: str = ""


_rules: dict[str, Rules] = {}


def register(kind: str, rules: Rules) -> None:
    """Called at start-up by the room of the kind."""
    _rules[kind] = rules


def rules_of(kind: str) -> Rules:
    return _rules.get(kind, Rules())


def restart(*, job: Job, user: User) -> Job:
    """Begin a new attempt as the job's kind wants it; the new job.

    Whoever asks was let in already. Raises NotRestartable, AlreadyActive, JobError (a right is missing, or somebody
    who must be asked first cannot be reached).
    """
    return rules_of(job.kind).begin(job, user)


def why_not(jobs: Collection[Job]) -> dict[UUID, str]:
    """Those that cannot be restarted now, with the reason: one query, and those of each kind's own rules."""
    again = set(Job.objects.filter(restart_of__in=jobs).values_list("restart_of_id", flat=True))
    found: dict[UUID, str] = {}
    by_kind: dict[str, list[Job]] = {}
    for job in jobs:
        if reason := _plain_reason(job, job.id in again):
            found[job.id] = reason
        else:
            by_kind.setdefault(job.kind, []).append(job)
    for kind, left in by_kind.items():
        found.update(rules_of(kind).why_not(left))
    return found


def _plain_reason(job: Job, restarted: bool) -> str:
    if registry.shown(job.kind, job.definition) is None:
        return UNKNOWN
    if job.is_active:
        return STILL_ACTIVE
    if job.job_state not in RESTARTABLE:
        return SUCCEEDED
    return RESTARTED if restarted else ""


@dataclass(frozen=True)
class Outcome:
    """What came of one job: a new attempt, or the error or sentence that says why not."""

    job: Job
    attempt: Job | None = None
    error: Exception | None = None
    why_not: str = ""


def restart_each(
    *, jobs: Sequence[Job], user: User, clock: Callable[[], float] = time.monotonic
) -> list[Outcome]:
    """Begin a new attempt at each of them, every one in a transaction of its own; MOST at most, PATIENCE seconds long.

    Whether one is still there to be restarted is decided by the database at its turn, not by what a page showed.
    """
    end = clock() + PATIENCE
    rights.ask_again(user, jobs[:MOST])
    return [
        _restart_one(job, user) if clock() < end else Outcome(job, why_not=NO_TIME) for job in jobs[:MOST]
    ]


def _restart_one(job: Job, user: User) -> Outcome:
    kind = registry.shown(job.kind, job.definition)
    if kind is None:
        return Outcome(job, why_not=UNKNOWN)
    if not kind.may_act(user, job):
        return Outcome(job, why_not=NOT_YOURS)
    try:
        return Outcome(job, attempt=restart(job=job, user=user))
    except (services.NotRestartable, services.AlreadyActive, JobError) as error:
        job.refresh_from_db(fields=["state"])
        return Outcome(job, error=error)
    except (
        DatabaseError
    ):  # a deadlock, say: this one is as it was, and the others have their own transactions
        return Outcome(job, why_not=DATABASE)

"""What can be done with a job now, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from accounts.words import N_
from jobs import registry, restarting
from jobs.models import Job
from jobs.states import JobState

if TYPE_CHECKING:
    from accounts.models import User

_ENDED = N_("It has ended.")
_CANCELLING = N_("It is being cancelled already: its worker was told, and has not confirmed yet.")


@dataclass(frozen=True)
class Possibility:
    """Something that people do with jobs. `why_not` says in the reader's language why it cannot be done now.

    `is_yours`: the reader may do it. `who` may; "" when the kind's room does not say.
    """

    name: str
    why_not: str
    is_yours: bool
    who: str

    @property
    def is_open(self) -> bool:
        return self.is_yours and not self.why_not


def possibilities(job: Job, user: User) -> list[Possibility]:
    """Restart and cancel. One query, and those of the rules of the job's kind."""
    kind = registry.shown(job.kind, job.definition)
    yours = kind is not None and kind.may_act(user, job)
    words = restarting.rules_of(job.kind).who
    who = gettext(words) if words else ""
    no_restart = restarting.why_not([job]).get(job.id, "")
    no_cancel = _why_no_cancel(job)
    return [
        Possibility("restart", gettext(no_restart) if no_restart else "", yours, who),
        Possibility("cancel", gettext(no_cancel) if no_cancel else "", yours, who),
    ]


def _why_no_cancel(job: Job) -> str:
    if job.state == JobState.CANCELLING:
        return _CANCELLING
    return "" if job.is_active else _ENDED

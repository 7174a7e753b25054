"""Jobs that failed, put together by their cause: the kind of the job and the code of its error."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Max, Prefetch, QuerySet
from django.utils.translation import gettext

from accounts import keyset
from jobs import registry, restarting
from jobs.listing import NEWEST, subjects_of, visible_jobs
from jobs.models import Job, JobStep
from jobs.presentation import RestartStep, restart_plan
from jobs.registry import Subject
from jobs.states import ATTENTION

if TYPE_CHECKING:
    from accounts.models import User

LONGEST = 60  # characters of a kind's name and of an error's code
# Causes that one page shows; there are hardly ever more than a handful.
CAUSES = 100


@dataclass(frozen=True)
class Cause:
    """Why jobs failed; `code` is that of `jobs.errors`."""

    kind: str
    code: str

    @classmethod
    def asked(cls, kind: str, code: str) -> Cause | None:
        """From what an address says; None unless it names a kind that this process knows."""
        return cls(kind, code[:LONGEST]) if kind in registry.names() and code else None

    @property
    def title(self) -> str:
        """The kind's, in the reader's language."""
        return gettext(registry.latest(self.kind).title)

    @property
    def who(self) -> str:
        """Who may restart such jobs, in the reader's language; "" when its room does not say."""
        words = restarting.rules_of(self.kind).who
        return gettext(words) if words else ""


@dataclass(frozen=True)
class Group:
    """How many jobs failed of one cause; `example` is what one of them says."""

    cause: Cause
    count: int
    newest: datetime
    example: str


def failed(user: User) -> QuerySet[Job]:
    """Jobs that this person may see, that failed for good, and that nobody restarted; in no order."""
    return visible_jobs(user).filter(state__in=[state.value for state in ATTENTION], restarts=None)


def groups(user: User) -> list[Group]:
    """Every cause, that of the newest job first. One query."""
    rows = failed(user).values_list("kind", "error_code")
    counted = rows.annotate(count=Count("id"), newest=Max("created_at"), example=Max("error_message"))
    return [
        Group(Cause(kind, code), count, newest, example)
        for kind, code, count, newest, example in counted.order_by("-newest")[:CAUSES]
    ]


@dataclass(frozen=True)
class Row:
    """One job of a preview. `why_not` says why it cannot be restarted now, in the reader's language; "" when it can."""

    job: Job
    subject: Subject | None
    why_not: str
    plan: list[RestartStep]

    def count(self, fate: str) -> int:
        """How many of its steps share a fate."""
        return sum(step.fate == fate for step in self.plan)

    @property
    def fates(self) -> list[tuple[str, int]]:
        """Each fate of its steps and how many share it, as they come."""
        return [(fate, self.count(fate)) for fate in dict.fromkeys(step.fate for step in self.plan)]


@dataclass(frozen=True)
class Preview:
    """What a restart of the jobs of one cause would do, one page of them, newest first."""

    cause: Cause
    rows: list[Row]
    page: keyset.Page[Job]

    @property
    def ready(self) -> int:
        """How many of them can be restarted."""
        return sum(not row.why_not for row in self.rows)


def preview(user: User, cause: Cause, *, after: str = "") -> Preview:
    """The jobs, their steps, their subjects, and what stands in their way: a handful of queries for a whole page."""
    steps = Prefetch("steps", JobStep.objects.defer("output"))
    rows = _of(user, cause).select_related("requested_by").prefetch_related(steps)
    page = keyset.page(rows, NEWEST, cursor=after, size=restarting.MOST)
    subjects = subjects_of(page.rows)
    reasons = restarting.why_not(page.rows)
    shown = [
        Row(job, subjects.get(str(job.id)), _why_not(user, job, reasons.get(job.id, "")), restart_plan(job))
        for job in page.rows
    ]
    return Preview(cause, shown, page)


def _of(user: User, cause: Cause) -> QuerySet[Job]:
    return failed(user).filter(kind=cause.kind, error_code=cause.code)


def _why_not(user: User, job: Job, reason: str) -> str:
    kind = registry.shown(job.kind, job.definition)
    if kind is None or not kind.may_act(user, job):
        reason = restarting.NOT_YOURS
    return gettext(reason) if reason else ""


def chosen(user: User, cause: Cause, ids: Collection[UUID]) -> list[Job]:
    """Those of these jobs that the preview of the cause showed, restarted meanwhile or not, oldest first."""
    rows = visible_jobs(user).filter(pk__in=ids, kind=cause.kind, error_code=cause.code)
    return list(rows.select_related("requested_by").order_by("created_at", "id")[: restarting.MOST])


def further(user: User, job: Job) -> int:
    """How many other jobs failed of the same cause as this one."""
    if job.job_state not in ATTENTION:
        return 0
    return _of(user, Cause(job.kind, job.error_code)).exclude(pk=job.pk).count()

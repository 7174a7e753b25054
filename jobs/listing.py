"""All jobs that somebody may see, newest first, one page at a time.

Who may see which job is one condition here, not a question to each job: tenant administrators see all jobs of the
kinds that this process knows, others those whose input `instance_id` names an organization that they administer
(a test holds this to `may_see` of every kind). What a job is about is found for a whole page at once, by resolvers
that other rooms register.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT
from django.utils.translation import gettext

from accounts import formats, keyset, parameters, permissions
from accounts.keyset import ID, Key, Order
from accounts.roles import OrganizationRole
from accounts.words import N_
from jobs import registry
from jobs.models import Job
from jobs.registry import Subject
from jobs.states import ACTIVE, ATTENTION, JobState

if TYPE_CHECKING:
    from accounts.models import User

PAGE = 50
LONGEST = 200  # characters of what somebody types

NEWEST = Order("newest", (Key("created_at", datetime), ID), descending=True)
# Seconds between two looks, by the seconds since the youngest active job of the page began; then when nothing moves,
# since new jobs come to page one.
_INTERVALS = ((30, 2), (120, 4), (600, 10))
_SLOWEST, _QUIET = 30, 30

AGES = {
    "1": N_("Last hour"),
    "24": N_("Last 24 hours"),
    "168": N_("Last 7 days"),
    "720": N_("Last 30 days"),
}
GROUPS: dict[str, tuple[str, frozenset[JobState]]] = {
    "active": (N_("Active"), ACTIVE),
    "attention": (N_("Need attention"), ATTENTION),
}

# In short, for a row of the list.
_WORDS: dict[JobState, str] = {
    JobState.QUEUED: N_("Queued"),
    JobState.RUNNING: N_("Running"),
    JobState.WAITING: N_("Waiting"),
    JobState.CANCELLING: N_("Cancelling"),
    JobState.SUCCEEDED: N_("Succeeded"),
    JobState.FAILED: N_("Failed"),
    JobState.BLOCKED: N_("Blocked"),
    JobState.CANCELLED: N_("Cancelled"),
    JobState.QUARANTINED: N_("Quarantined"),
}

# From the values of one input of jobs (as text) to what they are about.
Resolver = Callable[[Collection[str]], Mapping[str, Subject]]
_resolvers: dict[str, Resolver] = {}


def register_subjects(name: str, resolver: Resolver) -> None:
    """Called at start-up by a room: jobs that have the input `name` are about what this finds."""
    _resolvers[name] = resolver


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for; what makes no sense is not asked. `age` is in hours."""

    state: str = ""
    kind: str = ""
    age: str = ""
    person: str = ""
    error: str = ""
    after: str = ""

    @classmethod
    def from_query(cls, values: Mapping[str, str]) -> Asked:
        """From the query string, which may hold anything."""
        return cls(
            state=parameters.one_of(values.get("state", ""), {*GROUPS, *(state.value for state in JobState)}),
            kind=parameters.one_of(values.get("kind", ""), set(registry.names())),
            age=parameters.one_of(values.get("age", ""), AGES),
            person=parameters.text(values.get("person", ""), LONGEST),
            error=parameters.text(values.get("error", ""), LONGEST),
            after=values.get("after", "")[: keyset.LONGEST_CURSOR + 1],
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.state or self.kind or self.age or self.person or self.error)

    def query_string(self, **changes: str) -> str:
        """As an address says it, with these changes."""
        return urlencode({n: v for n, v in asdict(replace(self, **changes)).items() if v})


def visible_jobs(user: User) -> QuerySet[Job]:
    """Jobs whose page this person may open, in no order."""
    rows = Job.objects.filter(kind__in=registry.names())
    if permissions.is_tenant_administrator(user):
        return rows
    administered = permissions.instances_with(user, OrganizationRole.SYSTEM_ADMINISTRATOR)
    if not administered:
        return rows.none()
    return rows.alias(instance=KT("inputs__instance_id")).filter(instance__in=[str(i) for i in administered])


def jobs(user: User, asked: Asked, *, now: datetime) -> QuerySet[Job]:
    """Those that answer the question, in no order."""
    rows = visible_jobs(user)
    if asked.state:
        _, states = GROUPS.get(asked.state, ("", frozenset({asked.state})))
        rows = rows.filter(state__in=[str(state) for state in states])
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    if asked.age:
        rows = rows.filter(created_at__gte=now - timedelta(hours=int(asked.age)))
    if asked.person:
        by = Q(requested_by__display_name__icontains=asked.person)
        rows = rows.filter(by | Q(requested_by__email__icontains=asked.person))
    if asked.error:
        rows = rows.filter(error_id=asked.error.upper())
    return rows


@dataclass(frozen=True)
class Row:
    """A job and what its row says of it. `took` is None until it began."""

    job: Job
    title: str
    subject: Subject | None
    state: str
    step: str
    took: timedelta | None

    @property
    def duration(self) -> str:
        """Hours, minutes and seconds, as far as there are any."""
        if self.took is None:
            return ""
        seconds = int(self.took.total_seconds())
        if seconds < 60:
            return formats.seconds(self.took.total_seconds())
        minutes, seconds = divmod(seconds, 60)
        if minutes < 60:
            return gettext("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": seconds}
        return gettext("%(hours)s h %(minutes)s min") % {"hours": minutes // 60, "minutes": minutes % 60}


@dataclass(frozen=True)
class Listing:
    """One page. `interval` is in seconds, 0 when nothing more will change; `seen` says in short what it shows."""

    asked: Asked
    rows: list[Row]
    page: keyset.Page[Job]
    interval: int
    seen: str


def page_of(user: User, asked: Asked, *, now: datetime) -> keyset.Page[Job]:
    """One query."""
    rows = jobs(user, asked, now=now).select_related("requested_by")
    return keyset.page(rows, NEWEST, cursor=asked.after, size=PAGE)


def listing(user: User, asked: Asked, *, now: datetime) -> Listing:
    """One query for the jobs, and one for each sort of thing that they are about."""
    page = page_of(user, asked, now=now)
    subjects = subjects_of(page.rows)
    rows = [_row(job, subjects.get(str(job.id)), now) for job in page.rows]
    interval = _interval(page, now)
    return Listing(asked, rows, page, interval, _seen(page, interval))


def unchanged(user: User, asked: Asked, seen: str, *, now: datetime) -> bool:
    """Whether a page that shows `seen` is up to date: one query, nothing is rendered."""
    page = page_of(user, asked, now=now)
    return seen == _seen(page, _interval(page, now))


def kinds() -> list[tuple[str, str]]:
    """Every kind with its title, to filter by."""
    return sorted(
        ((name, gettext(registry.latest(name).title)) for name in registry.names()), key=lambda pair: pair[1]
    )


def ages() -> list[tuple[str, str]]:
    """Every age with its words, to filter by."""
    return [(hours, gettext(words)) for hours, words in AGES.items()]


def states() -> list[tuple[str, str]]:
    """Every group and state with its words, to filter by."""
    groups = [(name, gettext(words)) for name, (words, _) in GROUPS.items()]
    return [*groups, *((state.value, gettext(_WORDS[state])) for state in JobState)]


def _row(job: Job, subject: Subject | None, now: datetime) -> Row:
    kind = registry.shown(job.kind, job.definition)
    done = min(job.cursor + 1, job.step_count) if job.is_active else job.cursor
    return Row(
        job=job,
        title=gettext(kind.title) if kind else job.kind,
        subject=subject,
        state=gettext(_WORDS[JobState(job.state)]),
        step=gettext("%(done)s of %(total)s") % {"done": done, "total": job.step_count},
        took=(job.finished_at or now) - job.started_at if job.started_at else None,
    )


def subjects_of(rows: list[Job]) -> dict[str, Subject]:
    """What these jobs are about, by job id: one query for each sort of thing."""
    found: dict[str, Subject] = {}
    for name, resolver in _resolvers.items():
        values = {str(job.id): str(job.inputs[name]) for job in rows if job.inputs.get(name)}
        subjects = resolver(set(values.values())) if values else {}
        found.update({job_id: subjects[value] for job_id, value in values.items() if value in subjects})
    return found


def _interval(page: keyset.Page[Job], now: datetime) -> int:
    active = [job.created_at for job in page.rows if job.is_active]
    if not active:
        return 0 if page.previous else _QUIET
    age = (now - max(active)).total_seconds()
    return next((seconds for bound, seconds in _INTERVALS if age < bound), _SLOWEST)


def _seen(page: keyset.Page[Job], interval: int) -> str:
    shown = [(str(job.id), job.version) for job in page.rows]
    return sha256(repr((interval, bool(page.next), bool(page.previous), shown)).encode()).hexdigest()[:20]

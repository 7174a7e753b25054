"""The solutions of an instance as its page shows them: what we bring, what the organization has, what is going on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from jobs.errors import JobError
from organizations.connect import connect
from organizations.installations import ACTIVE
from organizations.models import Instance, SolutionInstall
from organizations.packages import catalog
from organizations.ports import InstalledSolution
from organizations.solution_states import SolutionState, action_of, state_of

# Seconds between two looks, by the seconds since anything began or changed.
_INTERVALS = ((30, 1), (120, 2), (600, 5))
_SLOWEST = 15


@dataclass(frozen=True)
class Watch:
    """What a page has seen, in short, and when it should look again: in `interval` seconds, never if that is 0."""

    seen: str
    interval: int


@dataclass(frozen=True)
class SolutionRow:
    """One line. `version` is the installed one, else the one that would be installed."""

    unique_name: str
    name: str
    version: str
    state: SolutionState
    reason: str = ""
    error_id: str = ""
    job_id: UUID | None = None
    progress: int = 0
    component: str = ""
    can_be_installed: bool = True

    @property
    def failed(self) -> bool:
        return self.state is SolutionState.INSTALL_FAILED

    @property
    def installing(self) -> bool:
        return self.state is SolutionState.INSTALLING

    @property
    def action(self) -> str:
        """What an administrator may do with it: "install", "upgrade", "retry", or "" for nothing."""
        return action_of(self.state) if self.can_be_installed or self.failed else ""


@dataclass(frozen=True)
class Overview:
    """`problem` is why the organization did not tell what it has; "" if it did."""

    rows: list[SolutionRow]
    watch: Watch
    problem: str

    @property
    def active(self) -> bool:
        return self.watch.interval > 0

    @property
    def told(self) -> list[SolutionRow]:
        """What a screen reader should hear after a change: what is going on, and what went wrong."""
        return [row for row in self.rows if row.job_id is not None]


def watch(instance_id: UUID) -> Watch:
    """One query, for pages that ask again and again."""
    rows = SolutionInstall.objects.filter(instance=instance_id)
    facts = rows.aggregate(
        revisions=Sum("revision"),
        active=Count("pk", filter=Q(state__in=ACTIVE)),
        since=Min("updated_at", filter=Q(state__in=ACTIVE)),
    )
    interval = _interval(facts["since"], timezone.now()) if facts["active"] else 0
    return Watch(seen=f"{facts['revisions'] or 0}-{interval}", interval=interval)


def overview(instance: Instance) -> Overview:
    """Asks the organization; if it does not answer, shows what we know ourselves."""
    # First what to compare with later: a change in between then shows at the next look.
    watching = watch(instance.id)
    problem = ""
    found: dict[str, InstalledSolution] | None = None
    try:
        found = {solution.unique_name: solution for solution in connect(instance).solutions()}
    except JobError as error:
        problem = error.message
    rows = SolutionInstall.objects.filter(instance=instance).select_related("package")
    # The file itself stays where it is.
    installs = {row.unique_name: row for row in rows.defer("package__content")}
    return Overview(_rows(found, installs), watching, problem)


def _rows(
    found: dict[str, InstalledSolution] | None, installs: dict[str, SolutionInstall]
) -> list[SolutionRow]:
    shipped = {solution.unique_name: solution for solution in catalog.shipped()}
    rows = [_row(name, brought, found, installs.get(name)) for name, brought in shipped.items()]
    # What else is there, and what somebody uploaded.
    others = {*(found or {}), *installs} - shipped.keys()
    more = [_row(name, None, found, installs.get(name)) for name in others]
    return rows + sorted(more, key=lambda row: (row.name.casefold(), row.unique_name))


def _row(
    name: str,
    brought: catalog.Shipped | None,
    found: dict[str, InstalledSolution] | None,
    install: SolutionInstall | None,
) -> SolutionRow:
    there = (found or {}).get(name)
    installed = there.version if there else None
    if found is None and install is not None and install.state == SolutionInstall.State.INSTALLED:
        installed = install.version
    state = state_of(
        known=install.state if install else None,
        installed=installed,
        shipped=brought.version if brought else None,
    )
    version = installed or (brought.version if brought else install.version if install else "")
    row = SolutionRow(name, _name(name, brought, there, install), version, state)
    if install is not None:
        row = replace(
            row,
            reason=install.reason,
            error_id=install.error_id,
            job_id=install.job_id,
            progress=install.progress,
            component=install.component,
        )
    return replace(row, can_be_installed=brought is not None)


def _name(
    unique_name: str,
    brought: catalog.Shipped | None,
    there: InstalledSolution | None,
    install: SolutionInstall | None,
) -> str:
    if brought:
        return brought.friendly_name
    if there:
        return there.friendly_name
    return install.package.friendly_name if install and install.package else unique_name


def _interval(since: datetime, now: datetime) -> int:
    age = (now - since).total_seconds()
    return next((seconds for bound, seconds in _INTERVALS if age < bound), _SLOWEST)

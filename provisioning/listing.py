"""The Applications tab at any size: what is asked for, which rows answer it, one page of them at a time.

Every order reads an index of its own (migration 0004), every search the index over parts of names (0007) or, when
most rows contain the text, the rows in their order; the count stops at a thousand. So a page of 100,000 portals costs
about what one of 100 costs (`tests/bench/applications.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext, ngettext

from accounts import formats, keyset, parameters, permissions
from accounts.keyset import ID, Key, Order
from accounts.roles import OrganizationRole
from accounts.words import N_
from organizations.models import Instance
from provisioning.models import Portal, PortalType
from provisioning.phases import Packages, Phase
from provisioning.queries import visible_portals

if TYPE_CHECKING:
    from accounts.models import User

PAGE = 50
# Counting further would cost more than anybody would learn from it.
COUNTED = 1000
# Of a search, each row counted costs ten times as much; whoever finds so many types one more letter.
COUNTED_OF_SEARCH = 200
LONGEST_SEARCH = 200  # characters; no name is so long

# Seconds between two looks while a visible row moves, by the seconds since the youngest of its jobs began.
_INTERVALS = ((30, 2), (120, 4), (600, 10))
_SLOWEST = 30

_NAME = Key("search_key")
_KEYS: dict[str, tuple[Key, ...]] = {
    "name": (_NAME, ID),
    "state": (Key("phase"), _NAME, ID),
    "instance": (Key("instance_key"), _NAME, ID),
    "status": (Key("is_unopened", bool), _NAME, ID),
    "owner": (Key("owner_key"), _NAME, ID),
    "created": (Key("created_at", datetime), ID),
}
_WORDS = {
    "name": N_("Name"),
    "state": N_("State"),
    "instance": N_("Instance"),
    "status": N_("Status"),
    "owner": N_("Owner"),
    "created": N_("Created"),
}
ORDERS: dict[str, Order] = {
    sign + name: Order(sign + name, keys, bool(sign)) for name, keys in _KEYS.items() for sign in ("", "-")
}
FIRST_ORDER = "name"

# What the texts of an instance, an owner or a host name are searched as; the function is of migration 0004.
_PARTS = "provisioning_portal.search_parts @> provisioning_wanted_grams(provisioning_fold(%s))"
_CONTAINS = "strpos(provisioning_portal.search_key, provisioning_fold(%s)) > 0"


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for; what makes no sense is not asked. `after` is a cursor."""

    q: str = ""
    state: str = ""
    type: str = ""
    instance: str = ""
    sort: str = FIRST_ORDER
    after: str = ""
    selected: str = ""

    @classmethod
    def from_query(cls, values: Mapping[str, str]) -> Asked:
        """From the query string, which may hold anything."""
        return cls(
            q=parameters.text(values.get("q", ""), LONGEST_SEARCH),
            state=parameters.one_of(values.get("state", ""), {phase.value for phase in Phase}),
            type=parameters.one_of(values.get("type", ""), set(PortalType.values)),
            instance=parameters.identity(values.get("instance", "")),
            sort=parameters.one_of(values.get("sort", ""), set(ORDERS)) or FIRST_ORDER,
            after=values.get("after", "")[: keyset.LONGEST_CURSOR + 1],
            selected=parameters.identity(values.get("selected", "")),
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.state or self.type or self.instance)

    def query_string(self, **changes: str) -> str:
        """As an address says it, with these changes; what is as usual is left out."""
        values = asdict(replace(self, **changes))
        return urlencode({n: v for n, v in values.items() if v and (n, v) != ("sort", FIRST_ORDER)})


def searched(text: str) -> str:
    """What is looked for when somebody types this: an address of a portal is looked for as its subdomain."""
    host = text.lower().removeprefix("https://").removeprefix("http://")
    before, base, _ = host.partition(f".{settings.PORTAL_BASE_DOMAIN}")
    return before if base else text


def portals(user: User, asked: Asked) -> QuerySet[Portal]:
    """The rows that this person may open and that answer the question, in no order."""
    rows = visible_portals(user).order_by()
    if asked.state:
        rows = rows.filter(phase=asked.state)
    if asked.type:
        rows = rows.filter(type=asked.type)
    if asked.instance:
        rows = rows.filter(instance_id=asked.instance)
    if asked.q:
        rows = containing(rows, searched(asked.q))
    return rows


def containing(rows: QuerySet[Portal], text: str) -> QuerySet[Portal]:
    """Rows whose shown name, subdomain or instance contains the text; letters' case and accents do not count."""
    boolean = BooleanField()
    return rows.filter(RawSQL(_PARTS, (text,), boolean), RawSQL(_CONTAINS, (text,), boolean))  # noqa: S611 - constants


@dataclass(frozen=True)
class Total:
    """How many rows there are, as far as they were counted."""

    counted: int
    most: int = COUNTED

    def __str__(self) -> str:
        if self.counted > self.most:
            most = formats.number(self.most)
            return ngettext(
                "more than %(number)s application", "more than %(number)s applications", self.most
            ) % {"number": most}
        return ngettext("%(number)s application", "%(number)s applications", self.counted) % {
            "number": formats.number(self.counted)
        }


@dataclass(frozen=True)
class Row:
    """A portal and what its row says of it."""

    portal: Portal
    state: str
    moves: bool


@dataclass(frozen=True)
class Listing:
    """One page of the tab. `interval` is in seconds, 0 when nothing moves; `seen` says in short what it shows."""

    asked: Asked
    rows: list[Row]
    page: keyset.Page[Portal]
    total: Total
    interval: int
    seen: str


def listing(user: User, asked: Asked, *, now: datetime) -> Listing:
    """Two queries; one when all rows fit on the page."""
    page = page_of(user, asked)
    most = COUNTED_OF_SEARCH if asked.q else COUNTED
    total = len(page.rows) if page.is_whole else _counted(portals(user, asked), most)
    rows = [row_of(portal) for portal in page.rows]
    interval = _interval(rows, now)
    return Listing(asked, rows, page, Total(total, most), interval, _seen(page, interval))


def page_of(user: User, asked: Asked) -> keyset.Page[Portal]:
    """One query."""
    rows = portals(user, asked).annotate(
        is_unopened=ExpressionWrapper(Q(opened_at__isnull=True), output_field=BooleanField()),
        provisioned_since=F("provision_job__created_at"),
        installed_since=F("packages_job__created_at"),
    )
    return keyset.page(rows, ORDERS[asked.sort], cursor=asked.after, size=PAGE)


def in_order(user: User, asked: Asked) -> QuerySet[Portal]:
    """All rows that answer the question, in its order, for exports."""
    unopened = ExpressionWrapper(Q(opened_at__isnull=True), output_field=BooleanField())
    return ORDERS[asked.sort].applied(portals(user, asked).annotate(is_unopened=unopened))


def unchanged(user: User, asked: Asked, seen: str, *, now: datetime) -> bool:
    """Whether a page that shows `seen` is up to date: one query, nothing is rendered or counted."""
    page = page_of(user, asked)
    return seen == _seen(page, _interval([row_of(portal) for portal in page.rows], now))


def selected(user: User, asked: Asked, rows: list[Row]) -> Row | None:
    """The row whose details are shown; it need not be on the page, but the person must be allowed to open it."""
    if not asked.selected:
        return None
    on_page = next((row for row in rows if str(row.portal.id) == asked.selected), None)
    if on_page:
        return on_page
    portal = visible_portals(user).filter(pk=asked.selected).first()
    return row_of(portal) if portal else None


def instances(user: User) -> list[Instance]:
    """Instances to filter by: all, or those that the person administers."""
    rows = Instance.objects.order_by("name").only("id", "name")
    if permissions.is_tenant_administrator(user):
        return list(rows)
    return list(rows.filter(pk__in=permissions.instances_with(user, OrganizationRole.SYSTEM_ADMINISTRATOR)))


_PHASES: dict[Phase, str] = {
    Phase.NOT_CONFIGURED: N_("Not configured"),
    Phase.CONFIGURING: N_("Configuring"),
    Phase.CONFIGURED: N_("Configured"),
    Phase.PROVISIONING_FAILED: N_("Provisioning failed"),
    Phase.RESETTING: N_("Resetting"),
    Phase.RESET: N_("Was reset"),
    Phase.RESET_FAILED: N_("Reset failed"),
    Phase.INSTANCE_UPDATING: N_("Dynamics 365 URL being updated"),
    Phase.INSTANCE_UPDATE_FAILED: N_("Dynamics 365 URL update failed"),
}


def state_words(phase: Phase, packages: Packages = Packages.NONE) -> str:
    """A phase as people read it, with what its packages are up to."""
    if phase is Phase.CONFIGURED and packages is Packages.INSTALLING:
        return gettext("Configured, packages installing")
    if phase is Phase.CONFIGURED and packages is Packages.INSTALL_FAILED:
        return gettext("Configured, packages failed")
    return gettext(_PHASES[phase])


def states() -> list[tuple[str, str]]:
    """Every phase with its words, to filter by."""
    return [(phase.value, state_words(phase)) for phase in Phase]


def sorts() -> list[tuple[str, str]]:
    """Every order with its words, to choose from."""
    letters, times = (
        (gettext("Z to A"), gettext("A to Z")),
        (gettext("newest first"), gettext("oldest first")),
    )
    both = dict.fromkeys(_WORDS, letters) | {"created": times}
    return [
        (
            order.name,
            gettext("%(column)s, %(order)s")
            % {
                "column": gettext(_WORDS[order.name.lstrip("-")]),
                "order": both[order.name.lstrip("-")][not order.descending],
            },
        )
        for order in ORDERS.values()
    ]


def row_of(portal: Portal) -> Row:
    phase, packages = Phase(portal.phase), Packages(portal.packages)
    # Phases in which a job works on the portal end so; one that is configured may still get its packages.
    moves = phase.value.endswith("ing") or packages is Packages.INSTALLING
    return Row(portal, state_words(phase, packages), moves)


def _counted(rows: QuerySet[Portal], most: int) -> int:
    return rows.select_related(None).values("pk")[: most + 1].count()


def _interval(rows: list[Row], now: datetime) -> int:
    began = [moment for row in rows if row.moves for moment in _moments(row.portal)]
    if not any(row.moves for row in rows):
        return 0
    age = (now - max(began)).total_seconds() if began else 0.0
    return next((seconds for bound, seconds in _INTERVALS if age < bound), _SLOWEST)


def _moments(portal: Portal) -> list[datetime]:
    since = (getattr(portal, name, None) for name in ("provisioned_since", "installed_since"))
    return [moment for moment in since if moment is not None]


def _seen(page: keyset.Page[Portal], interval: int) -> str:
    shown = [
        (str(p.id), p.phase, p.packages, p.type, p.status, p.search_key, p.instance_key, p.owner_key, p.name)
        for p in page.rows
    ]
    return sha256(repr((interval, bool(page.next), bool(page.previous), shown)).encode()).hexdigest()[:20]

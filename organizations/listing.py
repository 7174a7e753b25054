"""The Instances tab at any size: what is asked for, which rows answer it, one page of them at a time.

There are far fewer organizations than portals, so letters are folded as the rows are read, without keys of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db.models import BooleanField, QuerySet, TextField
from django.db.models.expressions import RawSQL
from django.utils.translation import ngettext

from accounts import formats, keyset, parameters, permissions
from accounts.keyset import ID, Key, Order
from organizations.models import Instance

if TYPE_CHECKING:
    from accounts.models import User

PAGE = 50
LONGEST_SEARCH = 200  # characters; no name is so long

# By name, however it is written; names that differ only in that are told apart by the id.
ORDER = Order("name", (Key("name_key"), ID))

# Letters without case, accents and compatibility forms, as the Applications tab searches them.
_FOLDED = (
    "translate(replace(lower(regexp_replace(normalize({}, NFKD), '[\\u0300-\\u036f]+', '', 'g')),"
    " 'ß', 'ss'), 'ıς', 'iσ')"
)
_NAME = _FOLDED.format("organizations_instance.name") + ' COLLATE "C"'
_TEXTS = _FOLDED.format("organizations_instance.name || E'\\n' || organizations_instance.url")
_CONTAINS = f"strpos({_TEXTS}, {_FOLDED.format('%s')}) > 0"


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for; what makes no sense is not asked. `after` is a cursor."""

    q: str = ""
    state: str = ""
    type: str = ""
    after: str = ""
    selected: str = ""

    @classmethod
    def from_query(cls, values: Mapping[str, str]) -> Asked:
        """From the query string, which may hold anything."""
        return cls(
            q=parameters.text(values.get("q", ""), LONGEST_SEARCH),
            state=parameters.one_of(values.get("state", ""), Instance.State.values),
            type=parameters.one_of(values.get("type", ""), Instance.Type.values),
            after=values.get("after", "")[: keyset.LONGEST_CURSOR + 1],
            selected=parameters.identity(values.get("selected", "")),
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.state or self.type)

    def query_string(self, **changes: str) -> str:
        """As an address says it, with these changes; what is empty is left out."""
        values = asdict(replace(self, **changes))
        return urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True)
class Listing:
    """One page of the tab, and how many instances there are altogether that answer the question."""

    page: keyset.Page[Instance]
    counted: int
    selected: Instance | None

    @property
    def rows(self) -> list[Instance]:
        return self.page.rows

    @property
    def total(self) -> str:
        """In the reader's language."""
        return ngettext("%(number)s instance", "%(number)s instances", self.counted) % {
            "number": formats.number(self.counted)
        }


def visible(user: User) -> QuerySet[Instance]:
    """The instances that this person may look at, in no order."""
    ids = permissions.visible_instances(user)
    rows = Instance.objects.order_by()
    return rows if ids is None else rows.filter(pk__in=ids)


def listing(user: User, asked: Asked) -> Listing:
    """One query; one more to count if there are several pages, and one for a selected row that is not on the page."""
    seen = visible(user)
    found = _answering(seen, asked)
    page = page_of(found, asked)
    counted = len(page.rows) if page.is_whole else found.count()
    return Listing(page, counted, _selected(seen, asked, page.rows))


def page_of(found: QuerySet[Instance], asked: Asked) -> keyset.Page[Instance]:
    """One query."""
    rows = found.annotate(name_key=RawSQL(_NAME, (), TextField(db_collation="C")))  # noqa: S611 - constants
    return keyset.page(rows, ORDER, cursor=asked.after, size=PAGE)


def _answering(rows: QuerySet[Instance], asked: Asked) -> QuerySet[Instance]:
    if asked.state:
        rows = rows.filter(state=asked.state)
    if asked.type:
        rows = rows.filter(type=asked.type)
    if asked.q:
        # An address is often copied with the stroke at its end, which no kept one has.
        text = asked.q.rstrip("/") if asked.q.startswith(("http://", "https://")) else asked.q
        rows = rows.filter(RawSQL(_CONTAINS, (text,), BooleanField()))  # noqa: S611 - constants
    return rows


def _selected(seen: QuerySet[Instance], asked: Asked, rows: list[Instance]) -> Instance | None:
    """The row whose details are shown; it need not be on the page, but the person must be allowed to see it."""
    if not asked.selected:
        return None
    on_page = next((row for row in rows if str(row.pk) == asked.selected), None)
    return on_page or seen.filter(pk=asked.selected).first()

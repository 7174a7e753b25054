"""Paging by key: a page begins behind a row, so the thousandth page costs what the first one does.

A cursor is the sort keys of the row that a page begins behind. It is opaque to people and worth nothing as a secret:
it holds what the page showed, and any values in it only choose where the same permitted rows begin. So it is checked,
not signed; one that makes no sense, or belongs to another order, means page one.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import (
    BooleanField,
    DateTimeField,
    F,
    Func,
    Model,
    QuerySet,
    TextField,
    UUIDField,
    Value,
)

M = TypeVar("M", bound=Model)
# Characters; the longest keys (two names and a subdomain) stay below a third of it.
LONGEST_CURSOR = 6000


@dataclass(frozen=True)
class Key:
    """One sort key: a field or annotation that is never null, and the type of its values."""

    name: str
    type: type[str] | type[bool] | type[datetime] | type[UUID] = str

    def to_json(self, value: Any) -> str | bool:
        if isinstance(value, datetime):
            return value.isoformat()
        return value if isinstance(value, bool) else str(value)

    def from_json(self, value: Any) -> Value:
        """As the database compares it. Raises ValueError for what cannot be such a value."""
        if self.type is bool and isinstance(value, bool):
            return Value(value, BooleanField())
        if self.type is bool or not isinstance(value, str) or "\0" in value:
            raise ValueError("not a value of this key")
        if self.type is UUID:
            return Value(UUID(value), UUIDField())
        if self.type is datetime:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError("a moment without a zone")
            return Value(moment, DateTimeField())
        value.encode()  # half a character is not one; UnicodeEncodeError is a ValueError
        return Value(value, TextField())


ID = Key("id", UUID)


@dataclass(frozen=True)
class Order:
    """Rows in one order. The keys together are unique: the last one is the row's id. `name` is how pages call it."""

    name: str
    keys: tuple[Key, ...]
    descending: bool = False

    def applied(self, rows: QuerySet[M], *, backwards: bool = False) -> QuerySet[M]:
        sign = "-" if self.descending != backwards else ""
        return rows.order_by(*(sign + key.name for key in self.keys))


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows; cursors of the pages before and behind, "" where there is none."""

    rows: list[M] = field(default_factory=list)
    previous: str = ""
    next: str = ""
    last: str = ""

    @property
    def is_whole(self) -> bool:
        """All rows that there are."""
        return not self.previous and not self.next


@dataclass(frozen=True)
class _Cursor:
    backwards: bool
    values: tuple[Value, ...]  # none: from the end


def page(rows: QuerySet[M], order: Order, *, cursor: str, size: int) -> Page[M]:
    """The page that the cursor leads to, in one query; in two if nothing is left there."""
    place = _decode(cursor, order)
    if place is None:
        return _forwards(rows, order, (), size)
    found = (_backwards if place.backwards else _forwards)(rows, order, place.values, size)
    return found if found.rows else _forwards(rows, order, (), size)


def _forwards(rows: QuerySet[M], order: Order, values: Sequence[Value], size: int) -> Page[M]:
    taken = list(order.applied(_beyond(rows, order, values, order.descending))[: size + 1])
    shown, more = taken[:size], len(taken) > size
    return Page(
        shown,
        previous=_encode(order, "p", shown[0]) if values and shown else "",
        next=_encode(order, "n", shown[-1]) if more else "",
        last=_encode(order, "p") if more else "",
    )


def _backwards(rows: QuerySet[M], order: Order, values: Sequence[Value], size: int) -> Page[M]:
    before = _beyond(rows, order, values, not order.descending)
    taken = list(order.applied(before, backwards=True)[: size + 1])
    shown, more = taken[:size][::-1], len(taken) > size
    behind = bool(values) and bool(shown)
    return Page(
        shown,
        previous=_encode(order, "p", shown[0]) if more else "",
        next=_encode(order, "n", shown[-1]) if behind else "",
        last=_encode(order, "p") if behind else "",
    )


def _beyond(rows: QuerySet[M], order: Order, values: Sequence[Value], smaller: bool) -> QuerySet[M]:
    """One comparison of whole rows, `(a, b) > (x, y)`, which an index over the same columns answers at once."""
    if not values:
        return rows
    keys = Func(*(F(key.name) for key in order.keys), template="(%(expressions)s)")
    place = Func(*values, template="(%(expressions)s)")
    compared = Func(
        keys,
        place,
        template="%(expressions)s",
        arg_joiner=" < " if smaller else " > ",
        output_field=BooleanField(),
    )
    return rows.filter(compared)


def _encode(order: Order, way: str, row: Model | None = None) -> str:
    values = [key.to_json(getattr(row, key.name)) for key in order.keys] if row else []
    text = json.dumps([order.name, way, *values], ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, order: Order) -> _Cursor | None:
    if not cursor or len(cursor) > LONGEST_CURSOR:
        return None
    try:
        content = json.loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        name, way, *values = content
        if name != order.name or way not in ("n", "p") or len(values) not in (0, len(order.keys)):
            return None
        return _Cursor(
            way == "p", tuple(key.from_json(v) for key, v in zip(order.keys, values, strict=False))
        )
    except (ValueError, TypeError, RecursionError, binascii.Error):
        return None

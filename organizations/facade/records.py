"""Records through the Web API: a filter becomes conditions of the organization's own query, never text of SQL."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet, TextField
from django.db.models.expressions import OrderBy
from django.db.models.functions import Cast
from django.db.models.lookups import In

from organizations import models
from organizations.adapters.embedded import conditions
from organizations.facade.definitions import (
    CREATED,
    DEFAULTS,
    MODIFIED,
    VERSION,
    Column,
    Entity,
    Type,
    entities,
)
from organizations.facade.odata.evaluation import unbound
from organizations.facade.odata.faults import Fault, bad_query, no_property
from organizations.facade.odata.filters import All, Comparison, Either, Node, Not, Some
from organizations.facade.odata.options import Options
from organizations.ports import Condition

MAX_COUNT = 5000  # records that are counted, as Dataverse has it
_FIELDS = {CREATED: "created_at", MODIFIED: "modified_at", VERSION: "version"}


@dataclass(frozen=True)
class Page:
    """Rows of one page; `total` if it was asked for; `next_token` leads on, "" at the end."""

    rows: list[models.Record]
    total: int | None
    next_token: str


def rows_of(instance_id: UUID, entity: Entity) -> QuerySet[models.Record]:
    return models.Record.objects.filter(instance=instance_id, entity=entity.name)


def find(
    instance_id: UUID, entity: Entity, options: Options, *, page_size: int, within: Q | None = None
) -> Page:
    """Raises Fault for a filter or an order that the table does not know."""
    matching = rows_of(instance_id, entity)
    if within is not None:
        matching = matching.filter(within)
    if options.filter is not None:
        matching = matching.filter(compiled(options.filter, entity, instance_id))
    total = matching[:MAX_COUNT].count() if options.count else None
    order = [(_column(entity, name), descending) for name, descending in options.order]
    token = _read_token(options.skip_token, [column for column, _ in order])
    limit = page_size if options.top is None else min(page_size, options.top - token.taken)
    if limit <= 0:
        return Page([], total, "")
    if token.values is not None:
        matching = matching.filter(_after(order, token.values))
    ordered = matching.order_by(*(_ordering(entity, column, down) for column, down in order), "record_id")
    rows = list(ordered[: limit + 1])
    more = len(rows) > limit and (options.top is None or token.taken + limit < options.top)
    rows = rows[:limit]
    return Page(rows, total, _write_token(entity, order, rows[-1], token.taken + limit) if more else "")


def compiled(node: Node, entity: Entity, instance_id: UUID) -> Q:
    """The filter as a condition on rows of the entity."""
    match node:
        case All(parts):
            return Q(*(compiled(part, entity, instance_id) for part in parts))
        case Either(parts):
            return _either(parts, entity, instance_id)
        case Not(part):
            return ~compiled(part, entity, instance_id)
        case Some():
            return _some(node, entity, instance_id)
        case Comparison():
            return _test(node, entity, instance_id)


def tables_of(node: Node | None, entity: Entity) -> set[str]:
    """Other tables whose records the filter looks at: to ask about them takes the right to read them.

    Raises Fault for a way that leads nowhere.
    """
    match node:
        case None:
            return set()
        case All(parts) | Either(parts):
            return {name for part in parts for name in tables_of(part, entity)}
        case Not(part):
            return tables_of(part, entity)
        case Some(path, variable, condition):
            other, _ = _leading(path, entity)
            inner = None if condition is None else unbound(condition, variable)
            return {other.name, *tables_of(inner, other)}
        case Comparison(path) if len(path) == 2:
            return {_followed(entity, path[0])[1].name}
    return set()


def _either(parts: Sequence[Node], entity: Entity, instance_id: UUID) -> Q:
    """Many questions for the same id (or another column) are one with a list: that is how clients ask for many ids."""
    lists: dict[tuple[str, ...], list[Any]] = {}
    others: list[Q] = []
    for part in parts:
        if isinstance(part, Comparison) and part.operator == "eq" and len(part.path) == 1:
            lists.setdefault(part.path, []).append(part.value)
        else:
            others.append(compiled(part, entity, instance_id))
    others += [
        _test(Comparison(path, "in", tuple(values)), entity, instance_id) for path, values in lists.items()
    ]
    return Q(*others, _connector=Q.OR)


def _test(test: Comparison, entity: Entity, instance_id: UUID) -> Q:
    if len(test.path) == 2:
        return _through(test, entity, instance_id)
    column = _column(entity, "/".join(test.path))
    if column.name in _FIELDS:
        return _field(column, test)
    attribute = "id" if column.name == entity.primary_id else column.name
    if test.operator in ("contains", "startswith"):
        if not column.type.is_text:
            raise bad_query(f"The function '{test.operator}' wants a text; '{column.wire}' is {column.type}.")
        return conditions.matching(Condition(attribute, test.operator, test.value))
    if test.operator == "in":
        return conditions.matching(
            Condition(attribute, "in", [value_of(column, item) for item in test.value])
        )
    value = value_of(column, test.value)
    if test.operator in ("gt", "ge", "lt", "le") and (isinstance(value, bool) or attribute == "id"):
        raise bad_query(f"'{column.wire}' has no order.")
    if column.name in DEFAULTS and test.operator in ("eq", "ne") and value == DEFAULTS[column.name]:
        unsaid = conditions.matching(Condition(attribute, "in", [value, None]))
        return unsaid if test.operator == "eq" else ~unsaid
    return conditions.matching(Condition(attribute, test.operator, value))


def _through(test: Comparison, entity: Entity, instance_id: UUID) -> Q:
    """A condition on the record that a lookup leads to."""
    column, target = _followed(entity, test.path[0])
    others = rows_of(instance_id, target).filter(
        compiled(Comparison(test.path[1:], test.operator, test.value), target, instance_id)
    )
    ids = others.annotate(own=Cast("record_id", TextField())).values("own")
    return Q(In(conditions.text_of(column.name), ids))


def _some(node: Some, entity: Entity, instance_id: UUID) -> Q:
    """There is a record whose lookup leads here, and that meets the condition."""
    other, column = _leading(node.path, entity)
    others = rows_of(instance_id, other)
    if node.condition is not None:
        others = others.filter(compiled(unbound(node.condition, node.variable), other, instance_id))
    leading = others.annotate(to=conditions.text_of(column.name)).filter(to__isnull=False).values("to")
    return Q(In(Cast("record_id", TextField()), leading))


def _leading(path: tuple[str, ...], entity: Entity) -> tuple[Entity, Column]:
    """The table on the other side of a collection, and its lookup that leads here."""
    found = entity.collections().get(path[0]) if len(path) == 1 else None
    if found is None:
        raise no_property("/".join(path), entity.name)
    return found


def _followed(entity: Entity, navigation: str) -> tuple[Column, Entity]:
    found = entity.navigations().get(navigation)
    if found is None or found[1] not in entities():
        raise no_property(navigation, entity.name)
    return found[0], entities()[found[1]]


def _field(column: Column, test: Comparison) -> Q:
    """Conditions on what the organization writes itself, which has fields of its own."""
    names = {"eq": "exact", "gt": "gt", "ge": "gte", "lt": "lt", "le": "lte"}
    value = test.value
    wanted: type = int if column.name == VERSION else datetime
    if value is None or isinstance(value, bool) or not isinstance(value, wanted):
        raise _incompatible(column, value)
    if isinstance(value, int) and not 0 <= value < 2**63:
        raise _incompatible(column, value)
    if test.operator == "ne":
        return ~Q(**{_FIELDS[column.name]: value})
    if test.operator not in names:
        raise bad_query(f"'{test.operator}' does not go with '{column.wire}'.")
    return Q(**{f"{_FIELDS[column.name]}__{names[test.operator]}": value})


def value_of(column: Column, value: Any) -> Any:
    """A literal of a filter as records hold it. Raises Fault if it is not of the column's type."""
    if value is None:
        return None
    if column.type.is_reference:
        return _reference(column, value)
    if column.type is Type.DATE_TIME and isinstance(value, datetime):
        return moment(value)
    fits = (
        (column.type.is_text and isinstance(value, str))
        or (column.type is Type.BOOLEAN and isinstance(value, bool))
        or (column.type.is_whole and isinstance(value, int) and not isinstance(value, bool))
        or (column.type is Type.DECIMAL and isinstance(value, int | float) and not isinstance(value, bool))
    )
    if not fits:
        raise _incompatible(column, value)
    return value


def moment(value: datetime) -> str:
    """A time as records hold it: UTC, whole seconds."""
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _reference(column: Column, value: Any) -> str:
    try:
        return str(value if isinstance(value, UUID) else UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise _incompatible(column, value) from None


def _incompatible(column: Column, value: Any) -> Fault:
    return bad_query(
        "A binary operator with incompatible types was detected. "
        f"'{column.wire}' is {column.type}, the literal is {type(value).__name__}."
    )


def _column(entity: Entity, wire: str) -> Column:
    column = entity.by_wire().get(wire)
    if column is None:
        raise no_property(wire, entity.name)
    return column


# --- order and pages ----------------------------------------------------------------------------------------


def _ordering(entity: Entity, column: Column, descending: bool) -> OrderBy:
    if column.name in _FIELDS:
        return OrderBy(F(_FIELDS[column.name]), descending=descending)
    attribute = "id" if column.name == entity.primary_id else column.name
    return conditions.ordering(f"-{attribute}" if descending else attribute)


@dataclass(frozen=True)
class _Token:
    """Where the last page ended: its last row's values of what is ordered by, then its id; None before the first."""

    taken: int
    values: list[Any] | None


def _read_token(text: str, ordered_by: Sequence[Column]) -> _Token:
    if not text:
        return _Token(0, None)
    try:
        found = json.loads(base64.urlsafe_b64decode(text.encode()))
        taken, values = found["n"], found["v"]
        UUID(values[-1])
        if not isinstance(taken, int) or taken < 0 or len(values) != len(ordered_by) + 1:
            raise ValueError(text)
        values = [_place(column, value) for column, value in zip(ordered_by, values, strict=False)] + values[
            -1:
        ]
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        binascii.Error,
        RecursionError,
    ) as error:
        raise bad_query("The $skiptoken is not one of this query.") from error
    return _Token(taken, values)


def _place(column: Column, value: Any) -> Any:
    """What a token says of a column, if it can be a value of it. Raises ValueError."""
    match column:
        case Column(name="versionnumber") if type(value) is int and 0 <= value < 2**63:
            return value
        case Column(name="createdon" | "modifiedon") if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment
        case Column(type=Type.ID) if isinstance(value, str):
            return UUID(value)
        case _ if column.name not in _FIELDS and column.type is not Type.ID:
            if not isinstance(value, list | dict):
                return value
    raise ValueError(column.name)


def _write_token(entity: Entity, order: Sequence[tuple[Column, bool]], row: models.Record, taken: int) -> str:
    values = [_stored(entity, column, row) for column, _ in order]
    token = json.dumps({"n": taken, "v": [*values, str(row.record_id)]}, separators=(",", ":"))
    return base64.urlsafe_b64encode(token.encode()).decode()


def _stored(entity: Entity, column: Column, row: models.Record) -> Any:
    if column.name in _FIELDS:
        value = getattr(row, _FIELDS[column.name])
        return value.isoformat() if isinstance(value, datetime) else value
    return str(row.record_id) if column.name == entity.primary_id else row.attributes.get(column.name)


def _after(order: Sequence[tuple[Column, bool]], values: Sequence[Any]) -> Q:
    """Rows that come after the one with these values: equal in some, beyond it in the next."""
    found, equal = [], Q()
    for (column, descending), value in zip(order, values, strict=False):
        found.append(equal & _beyond(column, descending, value))
        equal = equal & _level(column, value)
    found.append(equal & Q(record_id__gt=values[-1]))
    return reduce(or_, found)


def _beyond(column: Column, descending: bool, value: Any) -> Q:
    if column.name in _FIELDS:
        return Q(**{f"{_FIELDS[column.name]}__{'lt' if descending else 'gt'}": value})
    if column.name.endswith("id") and column.type is Type.ID:
        return Q(**{f"record_id__{'lt' if descending else 'gt'}": value})
    return conditions.beyond(column.name, value, descending=descending)


def _level(column: Column, value: Any) -> Q:
    if column.name in _FIELDS:
        return Q(**{_FIELDS[column.name]: value})
    if column.type is Type.ID:
        return Q(record_id=value)
    return conditions.matching(Condition(column.name, "eq", value))


# --- what goes out ------------------------------------------------------------------------------------------


def shown(row: models.Record, entity: Entity, select: Sequence[str] | None) -> dict[str, Any]:
    """A record as it is answered: all columns, or those that were asked for and its id. Raises Fault."""
    tag = {"@odata.etag": f'W/"{row.version}"'}
    if select is None:
        everything = {column.wire: _said(row, entity, column) for column in entity.columns.values()}
        unknown = {name: value for name, value in row.attributes.items() if name not in entity.columns}
        return {**tag, **everything, **unknown}
    columns = entity.by_wire()
    for name in select:
        if name not in columns:
            raise no_property(name, entity.name)
    return {**tag, **{name: _said(row, entity, columns[name]) for name in (*select, entity.primary_id)}}


def _said(row: models.Record, entity: Entity, column: Column) -> Any:
    if column.name == entity.primary_id:
        return str(row.record_id)
    if column.name in _FIELDS:
        value = getattr(row, _FIELDS[column.name])
        return moment(value) if isinstance(value, datetime) else value
    return row.attributes.get(column.name, DEFAULTS.get(column.name))


def lookups(rows: Sequence[models.Record], column: Column) -> set[UUID]:
    """Ids that the rows' lookup holds."""
    found = set()
    for row in rows:
        try:
            found.add(UUID(row.attributes.get(column.name)))
        except (ValueError, TypeError, AttributeError):
            continue
    return found


def by_id(instance_id: UUID, entity: Entity, ids: set[UUID]) -> Mapping[UUID, models.Record]:
    return {row.record_id: row for row in rows_of(instance_id, entity).filter(record_id__in=ids)}

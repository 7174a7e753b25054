"""A query of the port as options of OData, with the port's meaning. Pure, given the table's definition.

Where Dataverse means something else than the port (a `ne` and rows without a value, wildcards in `contains`), the
filter says what the port means, or the answer is sifted once more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from organizations.adapters.embedded.values import clean
from organizations.dataverse.session import text
from organizations.dataverse.tables import Definition
from organizations.ports import Condition, Query, Record, Rejected

CHUNK = 300  # values of one `in`; an address of a batch holds 64 KB
MAX_TOP = 5000  # Dataverse's own bound of $top
_TEXTS = frozenset({"String", "Memo", "EntityName"})
_NUMBERS = frozenset({"Integer", "BigInt", "Decimal", "Double", "Money", "Picklist", "State", "Status"})
_IDS = frozenset({"Lookup", "Customer", "Owner", "Uniqueidentifier"})
_WILDCARDS = frozenset("%_[]^")


def options(query: Query, table: Definition) -> list[dict[str, str]]:
    """One set of options, or several whose rows together are the answer: a long `in` is asked for in parts.

    Raises Rejected(code="bad_query").
    """
    conditions = [Condition(c.attribute, c.operator, clean(c.value)) for c in query.where]
    order = ",".join([*(_order(name, table) for name in query.order), f"{table.primary_id} asc"])
    top = {"$top": str(query.top)} if query.top is not None and _server_limits(query) else {}
    found = []
    for wanted in _choices(query, conditions):
        said = [_said(condition, table) for condition in wanted]
        filter = {"$filter": " and ".join(said)} if said else {}
        found.append({**filter, "$orderby": order, **top})
    return found


def _server_limits(query: Query) -> bool:
    assert query.top is not None
    return 0 < query.top <= MAX_TOP and not any(_must_sift(condition) for condition in query.where)


def _choices(query: Query, conditions: Sequence[Condition]) -> Iterable[list[Condition]]:
    long = [
        c for c in conditions if c.operator == "in" and isinstance(c.value, list) and len(c.value) > CHUNK
    ]
    if not long:
        yield list(conditions)
        return
    if len(long) > 1 or query.order or query.top is not None:
        raise Rejected(
            f"Only one list of more than {CHUNK} values, in a query without order and limit, can be asked for.",
            code="bad_query",
        )
    others = [condition for condition in conditions if condition is not long[0]]
    values = list({repr(value): value for value in long[0].value}.values())
    for start in range(0, len(values), CHUNK):
        yield [*others, Condition(long[0].attribute, "in", values[start : start + CHUNK])]


def _order(name: str, table: Definition) -> str:
    return f"{table.wire(name.removeprefix('-'))} {'desc' if name.startswith('-') else 'asc'}"


def _said(condition: Condition, table: Definition) -> str:
    name, value = table.wire(condition.attribute), condition.value
    nothing = f"{table.primary_id} eq null"
    match condition.operator:
        case "eq":
            return _equal(name, value, condition.attribute, table)
        case "ne":
            return _different(name, value, condition.attribute, table)
        case "in":
            if not isinstance(value, list):
                raise Rejected("The operator “in” wants a list of values.", code="bad_query")
            said = [_equal(name, item, condition.attribute, table) for item in value]
            said = [part for part in said if part != nothing]
            return f"({' or '.join(said)})" if said else nothing
        case "gt" | "ge" | "lt" | "le":
            return _compared(name, condition.operator, value, condition.attribute, table)
        case "contains" | "startswith":
            if not isinstance(value, str):
                raise Rejected(f"The operator “{condition.operator}” looks for a text.", code="bad_query")
            if _type(condition.attribute, table) not in _TEXTS:
                return nothing
            return f"{condition.operator}({name},{text(value)})"
    raise Rejected(f"There is no operator “{condition.operator[:40]}” in queries.", code="bad_query")


def _type(attribute: str, table: Definition) -> str:
    return "Uniqueidentifier" if attribute == "id" else table.types.get(attribute, "")


def _equal(name: str, value: Any, attribute: str, table: Definition) -> str:
    if value is None:
        return f"{name} eq null"
    literal = _literal(value, _type(attribute, table))
    # A value of another type than the column's is never there.
    return f"{table.primary_id} eq null" if literal is None else f"{name} eq {literal}"


def _different(name: str, value: Any, attribute: str, table: Definition) -> str:
    if value is None:
        return f"{name} ne null"
    literal = _literal(value, _type(attribute, table))
    if literal is None:
        return f"{table.primary_id} ne null"
    return f"({name} ne {literal} or {name} eq null)"


def _compared(name: str, operator: str, value: Any, attribute: str, table: Definition) -> str:
    if value is None:
        return f"{table.primary_id} eq null"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Rejected("Only numbers and texts have an order.", code="bad_query")
    literal = _literal(value, _type(attribute, table))
    return f"{table.primary_id} eq null" if literal is None else f"{name} {operator} {literal}"


def _literal(value: Any, type: str) -> str | None:
    """None if a column of that type cannot hold the value. An unknown column is the organization's to refuse."""
    if isinstance(value, bool):
        return str(value).lower() if type in ("Boolean", "") else None
    if isinstance(value, int | float):
        return _number(value) if type in _NUMBERS or type == "" else None
    if not isinstance(value, str):
        return None
    if type in _IDS:
        return _id(value)
    if type == "DateTime":
        return value
    return text(value) if type in _TEXTS or type == "" else None


def _number(value: int | float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise Rejected("This number cannot be searched for.", code="bad_query")
    return repr(value)


def _id(value: str) -> str | None:
    try:
        return str(UUID(value))
    except ValueError:
        return None


# --- what comes back ----------------------------------------------------------------------------------------


def _must_sift(condition: Condition) -> bool:
    """Dataverse takes these characters for wildcards."""
    return condition.operator in ("contains", "startswith") and bool(_WILDCARDS & set(str(condition.value)))


def sifted(records: Iterable[Record], query: Query) -> list[Record]:
    """Rows that the port means, of those that Dataverse found; at most `top`."""
    doubtful = [condition for condition in query.where if _must_sift(condition)]
    found: list[Record] = []
    for record in records:
        if query.top is not None and len(found) >= max(query.top, 0):
            break
        if all(_holds(record.attributes, condition) for condition in doubtful):
            found.append(record)
    return found


def _holds(attributes: Mapping[str, Any], condition: Condition) -> bool:
    value, wanted = attributes.get(condition.attribute), str(condition.value).lower()
    if not isinstance(value, str):
        return False
    return wanted in value.lower() if condition.operator == "contains" else value.lower().startswith(wanted)

"""What a filter means for one row in memory. Pure.

Used for what an organization has few of (users, roles, solutions, definitions); records are asked in SQL, and the
tests hold both to one meaning.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from organizations.facade.odata.faults import bad_query
from organizations.facade.odata.filters import All, Comparison, Either, Node, Not, Some

Row = Mapping[str, Any]
_COMPARISONS = {"gt": operators.gt, "ge": operators.ge, "lt": operators.lt, "le": operators.le}
# Rows that a navigation property of a row leads to.
Follow = Callable[[Row, str], Sequence[Row]]


def matches(node: Node, row: Row, follow: Follow) -> bool:
    """Whether the row meets the filter. Raises Fault for an unknown property."""
    match node:
        case All(parts):
            return all(matches(part, row, follow) for part in parts)
        case Either(parts):
            return any(matches(part, row, follow) for part in parts)
        case Not(part):
            return not matches(part, row, follow)
        case Some(path, variable, condition):
            if len(path) != 1:
                raise bad_query("'any' wants one navigation property.")
            return any(
                condition is None or matches(unbound(condition, variable), other, follow)
                for other in follow(row, path[0])
            )
        case Comparison(path, operator, value):
            return _test(_value(row, path, follow), operator, value)


def ordered(rows: Sequence[Row], order: Sequence[tuple[str, bool]]) -> list[Row]:
    """No value first, last when descending."""
    found = list(rows)
    for name, descending in reversed(order):
        found.sort(key=lambda row: _rank(row[name]), reverse=descending)
    return found


def _rank(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, 0
    if isinstance(value, int | float):
        return 1, value
    return 2, str(value)


def unbound(node: Node, variable: str) -> Node:
    """The condition with the lambda's variable taken off its paths."""
    match node:
        case All(parts):
            return All(tuple(unbound(part, variable) for part in parts))
        case Either(parts):
            return Either(tuple(unbound(part, variable) for part in parts))
        case Not(part):
            return Not(unbound(part, variable))
        case Some(path, inner, condition):
            return Some(_without(path, variable), inner, condition)
        case Comparison(path, operator, value):
            return Comparison(_without(path, variable), operator, value)


def _without(path: tuple[str, ...], variable: str) -> tuple[str, ...]:
    if len(path) < 2 or path[0] != variable:
        raise bad_query(f"'{'/'.join(path)[:60]}' does not begin with the variable '{variable[:40]}'.")
    return path[1:]


def _value(row: Row, path: tuple[str, ...], follow: Follow) -> Any:
    if len(path) == 2:
        rows = follow(row, path[0])
        return _value(rows[0], path[1:], follow) if rows else None
    if len(path) != 1 or path[0] not in row:
        raise bad_query(f"Could not find a property named '{'/'.join(path)[:100]}'.")
    return row[path[0]]


def _test(found: Any, operator: str, value: Any) -> bool:
    match operator:
        case "eq":
            return _same(found, value)
        case "ne":
            return not _same(found, value)
        case "in":
            return any(_same(found, item) for item in value)
        case "contains":
            return isinstance(found, str) and value.lower() in found.lower()
        case "startswith":
            return isinstance(found, str) and found.lower().startswith(value.lower())
    return _compared(found, operator, value)


def _same(found: Any, value: Any) -> bool:
    if isinstance(found, bool) != isinstance(value, bool):
        return False
    if isinstance(value, UUID) or isinstance(found, UUID):
        return str(found).lower() == str(value).lower()
    return bool(found == value)


def _compared(found: Any, operator: str, value: Any) -> bool:
    if isinstance(found, bool) or isinstance(value, bool):
        return False
    numbers = isinstance(found, int | float) and isinstance(value, int | float)
    if not numbers and (found is None or type(found) is not type(value)):
        return False
    return bool(_COMPARISONS[operator](found, value))

"""Conditions of a query as PostgreSQL understands them: JSON compared with JSON.

Only names and values from the query reach the database, as parameters; the operators are ours.
"""

from __future__ import annotations

import json
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, F, Func, JSONField, Q, TextField, Value
from django.db.models.expressions import Combinable, Expression, OrderBy
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import In

from organizations.adapters.embedded.values import clean
from organizations.ports import Condition, Rejected

_COMPARISONS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_NOTHING = Q(pk__in=[])
FEW = 300  # texts of a list that are looked for one by one; planning a question for each takes longer from there on


def matching(condition: Condition) -> Q:
    """What a record must meet. Raises Rejected(code="bad_query")."""
    value = clean(condition.value)
    match condition.operator:
        case "eq":
            return _equal(condition.attribute, value)
        case "ne":
            return ~_equal(condition.attribute, value)
        case "in":
            return _any_of(condition.attribute, value)
        case "gt" | "ge" | "lt" | "le":
            return _compared(condition.attribute, _COMPARISONS[condition.operator], value)
        case "contains" | "startswith":
            return _part(condition.attribute, condition.operator, value)
    raise Rejected(f"There is no operator “{condition.operator[:40]}” in queries.", code="bad_query")


def ordering(name: str) -> OrderBy:
    """`name` or `-name` as PostgreSQL orders it: no value first, last when descending."""
    attribute = name.removeprefix("-")
    expression: F | Expression = F("record_id") if attribute == "id" else _stored(attribute)
    if name.startswith("-"):
        return OrderBy(expression, descending=True, nulls_last=True)
    return OrderBy(expression, nulls_first=True)


def beyond(attribute: str, value: Any, *, descending: bool) -> Q:
    """Rows that `ordering` puts after those with this value: how pages go on where the last one ended."""
    stored = _stored(attribute)
    if value is None:
        return _NOTHING if descending else Q(attributes__has_key=attribute)
    if descending:
        return Q(_Infix(stored, "<", _json(clean(value)))) | ~Q(attributes__has_key=attribute)
    return Q(_Infix(stored, ">", _json(clean(value))))


def text_of(attribute: str) -> Combinable:
    """The attribute as SQL's text, NULL where it has no value: what references are compared by."""
    return _Infix(F("attributes"), "->>", Cast(Value(attribute), TextField()), output_field=TextField())


class _Infix(Func):
    """Two expressions with an operator between them."""

    template = "(%(expressions)s)"

    def __init__(self, left: Any, operator: str, right: Any, output_field: Any = None) -> None:
        super().__init__(left, right, output_field=output_field or BooleanField())
        self.arg_joiner = f" {operator} "


def _stored(attribute: str) -> Expression:
    """The attribute's JSON value; SQL's NULL where it has none."""
    return _Infix(F("attributes"), "->", Cast(Value(attribute), TextField()), output_field=JSONField())


def _json(value: Any) -> Combinable:
    return Cast(Value(json.dumps(value)), JSONField())


def _value_of(attribute: str) -> Combinable:
    """The JSON value that conditions look at: an id as text, null where there is no value."""
    if attribute == "id":
        return Func(Cast("record_id", TextField()), function="to_jsonb", output_field=JSONField())
    return Coalesce(_stored(attribute), _json(None))


def _equal(attribute: str, value: Any) -> Q:
    if attribute == "id":
        return Q(record_id=record_id) if (record_id := _uuid(value)) else _NOTHING
    same = Q(_Infix(_value_of(attribute), "=", _json(value)))
    if value is None:
        return same
    # Containment is wider than equality (lists, mappings), but the index serves it.
    return Q(attributes__contains={attribute: value}) & same


def _any_of(attribute: str, values: Any) -> Q:
    if not isinstance(values, list):
        raise Rejected("The operator “in” wants a list of values.", code="bad_query")
    if attribute == "id":
        return Q(record_id__in=[record_id for value in values if (record_id := _uuid(value))])
    texts = {value for value in values if isinstance(value, str)}
    if len(texts) <= FEW:
        return reduce(or_, (_equal(attribute, value) for value in values), _NOTHING)
    others = (_equal(attribute, value) for value in values if not isinstance(value, str))
    return reduce(or_, others, _one_of(attribute, texts))


def _one_of(attribute: str, texts: set[str]) -> Q:
    """Of many, each row is looked up in the list; of few, each value in the index."""
    said = In(text_of(attribute), sorted(texts))
    return Q(_same_type(_value_of(attribute), "")) & Q(said)


def _compared(attribute: str, operator: str, value: Any) -> Q:
    if value is None:
        return _NOTHING
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Rejected("Only numbers and texts have an order.", code="bad_query")
    stored = _value_of(attribute)
    return Q(_same_type(stored, value)) & Q(_Infix(stored, operator, _json(value)))


def _same_type(stored: Combinable, value: int | float | str) -> Combinable:
    kind = Value("string" if isinstance(value, str) else "number")
    return _Infix(Func(stored, function="jsonb_typeof", output_field=TextField()), "=", kind)


def _part(attribute: str, operator: str, value: Any) -> Q:
    if not isinstance(value, str):
        raise Rejected(f"The operator “{operator}” looks for a text.", code="bad_query")
    stored = _value_of(attribute)
    path = Value("{}", output_field=TextField())
    text = _lower(_Infix(stored, "#>>", _text_array(path), output_field=TextField()))
    wanted = _lower(Value(value, output_field=TextField()))
    function = "starts_with" if operator == "startswith" else "strpos"
    found: Combinable = Func(text, wanted, function=function, output_field=BooleanField())
    if function == "strpos":
        found = _Infix(found, ">", Value(0))
    return Q(_same_type(stored, value)) & Q(found)


def _lower(expression: Combinable) -> Combinable:
    return Func(expression, function="lower", output_field=TextField())


def _text_array(expression: Combinable) -> Combinable:
    return Func(expression, template="%(expressions)s::text[]", output_field=TextField())


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        return None

"""What a client sends of a record, as the organization keeps it. Pure.

A property must be one of the table, and its value of the column's type. A lookup is set by its navigation property and
`@odata.bind`; `null` takes a value away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from organizations.facade.definitions import READ_ONLY, Column, Entity, Type, entities
from organizations.facade.odata.faults import Fault, bad_payload, no_segment

MAX_TEXT = 1_048_576  # characters, as Dataverse's largest memo
MAX_ADDRESS = 2_000  # characters of a reference to a record
_BIND = "@odata.bind"
_REFERENCE = re.compile(r"(?:.*/)?(?P<set>[A-Za-z_][A-Za-z0-9_]*)\((?P<id>[0-9A-Fa-f-]{36})\)", re.DOTALL)
_ADDRESS = re.compile(r"(?:.*/)?([A-Za-z_][A-Za-z0-9_]*)\((.*)\)", re.DOTALL)


def attributes(payload: Mapping[str, Any], entity: Entity) -> tuple[UUID | None, dict[str, Any]]:
    """The record's id if it is given, and its attributes. Raises Fault."""
    record_id: UUID | None = None
    found: dict[str, Any] = {}
    for name, value in payload.items():
        if name.endswith(_BIND):
            column, reference = _bound(name.removesuffix(_BIND), value, entity)
            found[column.name] = reference
        elif "@" in name:
            continue  # annotations, such as @odata.type, change nothing
        elif name == entity.primary_id:
            record_id = _guid(name, value)
        else:
            found[name] = _value(_writable(name, entity), value)
    return record_id, found


def _writable(name: str, entity: Entity) -> Column:
    column = entity.columns.get(name)
    if column is None:
        raise bad_payload(
            f"The property '{name[:100]}' does not exist on type 'Microsoft.Dynamics.CRM.{entity.name}'. "
            "Make sure to only use property names that are defined by the type."
        )
    if column.type is Type.LOOKUP:
        bound = next(iter(column.navigations()))
        raise bad_payload(f"The lookup '{name[:100]}' is set by '{bound}{_BIND}'.")
    if name in READ_ONLY:
        raise bad_payload(f"The property '{name}' is written by the organization itself.")
    return column


def _bound(navigation: str, value: Any, entity: Entity) -> tuple[Column, str | None]:
    found = entity.navigations().get(navigation)
    if found is None:
        raise bad_payload(
            f"An undeclared property '{navigation[:100]}' which only has property annotations in the payload "
            f"was found on type 'Microsoft.Dynamics.CRM.{entity.name}'."
        )
    column, target = found
    if value is None:
        return column, None
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    expected = entities()[target].set_name if target in entities() else f"{target}s"
    if match is None or match["set"] != expected:
        raise bad_payload(f"'{navigation}{_BIND}' wants an address such as /{expected}(<id>).")
    return column, str(_guid(navigation, match["id"]))


def _guid(name: str, value: Any) -> UUID:
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise bad_payload(
            f"Cannot convert the literal of '{name[:100]}' to the expected type 'Edm.Guid'."
        ) from None


def _value(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.type is Type.DATE_TIME:
        return _moment(column, value)
    if column.type.is_text and isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise bad_payload(f"The text of '{column.name}' is longer than {MAX_TEXT} characters.")
        return value
    whole = isinstance(value, int) and not isinstance(value, bool)
    fits = (
        (column.type is Type.BOOLEAN and isinstance(value, bool))
        or (column.type.is_whole and whole and -(2**31) <= value < 2**31)
        or (column.type is Type.DECIMAL and (whole or isinstance(value, float)))
    )
    if not fits:
        raise bad_payload(f"Cannot convert the value of '{column.name}' to the type {column.type}.")
    return value


def _moment(column: Column, value: Any) -> str:
    try:
        found = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise bad_payload(f"'{column.name}' wants a time such as 2026-01-31T08:00:00Z.") from None
    if found.tzinfo is None and len(value) > len("2026-01-31"):
        raise bad_payload(f"The time of '{column.name}' has no time zone.")
    try:
        found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise bad_payload(
            f"The time of '{column.name}' is before the first year or after the last."
        ) from None
    return found.isoformat(timespec="seconds").replace("+00:00", "Z")


def key_values(arguments: Mapping[str, Any], entity: Entity) -> dict[str, Any]:
    """Columns of an alternate key by name. Raises Fault for what is no key of the table."""
    if tuple(sorted(arguments)) not in {tuple(sorted(key)) for key in entity.keys}:
        raise Fault(
            400,
            "0x80060891",
            f"A key with the columns {', '.join(arguments)[:100]} is not defined for {entity.name}.",
        )
    if None in arguments.values():
        raise bad_payload(f"A key of {entity.name} has a value for each of its columns.")
    return {name: _value(entity.columns[name], value) for name, value in arguments.items()}


def target(payload: Any) -> Mapping[str, Any]:
    """One of the Targets of CreateMultiple and its like. Raises Fault."""
    if not isinstance(payload, dict):
        raise bad_payload("Each of the Targets is a JSON object.")
    return payload


def targets(payload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The Targets of CreateMultiple and its like. Raises Fault."""
    found = payload.get("Targets")
    if not isinstance(found, list) or not found:
        raise bad_payload("Targets is a list of at least one record.")
    if len(found) > 1000:
        raise bad_payload("Targets has more than 1000 records.")
    return [target(item) for item in found]


def reference(text: Any) -> tuple[str, str]:
    """Entity set and what stands in its parentheses, from an `@odata.id`. Raises Fault."""
    # Looking for its parts costs the square of its length.
    match = _ADDRESS.fullmatch(text) if isinstance(text, str) and len(text) <= MAX_ADDRESS else None
    if match is None:
        raise no_segment(str(text))
    return match[1], match[2]

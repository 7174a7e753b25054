"""Values of attributes: what an organization stores. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from organizations.ports import Attributes, Rejected

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)


def clean_entity(name: str) -> str:
    """Raises Rejected(code="bad_value") for what is no logical name."""
    if not _NAME.fullmatch(name):
        raise _bad(f"“{name[:60]}” is not the name of an entity.")
    return name


def clean_attributes(attributes: Attributes) -> dict[str, Any]:
    """The attributes as JSON values, None included. Raises Rejected(code="bad_value")."""
    for name in attributes:
        if name == "id" or not _NAME.fullmatch(name):
            raise _bad(f"“{name[:60]}” is not the name of an attribute.")
    return {name: clean(value) for name, value in attributes.items()}


def merged(attributes: Attributes, changes: Attributes) -> dict[str, Any]:
    """Attributes after the (clean) changes; None removes one."""
    return {name: value for name, value in {**attributes, **changes}.items() if value is not None}


def clean(value: Any) -> Any:
    """The value as JSON has it. Raises Rejected(code="bad_value")."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, date):
        return _moment(value)
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    if isinstance(value, Mapping):
        return {_text(key): clean(item) for key, item in value.items()}
    raise _bad(f"A value of type {type(value).__name__} cannot be stored.")


def _text(value: str) -> str:
    # PostgreSQL keeps neither the NUL character nor half of a surrogate pair.
    if not isinstance(value, str) or "\0" in value or not _encodable(value):
        raise _bad("A text holds a character that cannot be stored.")
    return value


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _moment(value: date) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is None:
        raise _bad("A time without a time zone cannot be stored.")
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _bad(message: str) -> Rejected:
    return Rejected(message, code="bad_value")

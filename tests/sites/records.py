"""Records as an organization would hand them out, for the rules that need none."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from organizations.ports import Record

_SPACE = UUID("5e1f6c1a-7d49-4a39-b7e5-0f5a3f6a1c55")


def id_of(key: str) -> UUID:
    """The same id for the same key."""
    return uuid.uuid5(_SPACE, key)


def record(entity: str, key: str, **attributes: Any) -> Record:
    """A record with these attributes."""
    return Record(entity, id_of(key), attributes, version=1)


def page(key: str, *, parent: str | None = "home", **attributes: Any) -> Record:
    """A published web page whose path's segment is its key, below home unless told otherwise."""
    facts: dict[str, Any] = {
        "adx_partialurl": key,
        "adx_name": key,
        "adx_title": key.title(),
        "adx_publishingstate": "Published",
        "adx_pagetemplate": "Page",
    }
    if parent is not None:
        facts["adx_parentpageid"] = str(id_of(parent))
    return record("adx_webpage", key, **{**facts, **attributes})


def home(**attributes: Any) -> Record:
    """The home page."""
    return page("home", parent=None, **{"adx_partialurl": "/", **attributes})

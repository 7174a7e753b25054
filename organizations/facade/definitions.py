"""Which tables and columns there are, read from definitions.toml. Pure."""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

_SOURCE = Path(__file__).with_name("definitions.toml")
_NAMESPACE = UUID("b7f7e1c4-9d53-4ce5-8f34-2a2a9e0c6d10")


class Type(StrEnum):
    """Types of columns, as `AttributeType` of Dataverse's metadata names them."""

    STRING = "String"
    MEMO = "Memo"
    INTEGER = "Integer"
    BIG_INTEGER = "BigInt"
    DECIMAL = "Decimal"
    BOOLEAN = "Boolean"
    DATE_TIME = "DateTime"
    PICKLIST = "Picklist"
    STATE = "State"
    STATUS = "Status"
    LOOKUP = "Lookup"
    ID = "Uniqueidentifier"

    @property
    def is_text(self) -> bool:
        return self in (Type.STRING, Type.MEMO)

    @property
    def is_whole(self) -> bool:
        return self in (Type.INTEGER, Type.BIG_INTEGER, Type.PICKLIST, Type.STATE, Type.STATUS)

    @property
    def is_reference(self) -> bool:
        return self in (Type.LOOKUP, Type.ID)


@dataclass(frozen=True)
class Column:
    """`targets` are the tables that a lookup leads to, `collections` the names of its other side, in that order."""

    name: str
    type: Type
    targets: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()

    @property
    def wire(self) -> str:
        """The property's name in an answer: a lookup's id is `_x_value`."""
        return f"_{self.name}_value" if self.type is Type.LOOKUP else self.name

    def navigations(self) -> dict[str, str]:
        """Single-valued navigation properties, with the table that each leads to."""
        if len(self.targets) == 1:
            return {self.name: self.targets[0]}
        return {f"{self.name}_{target}": target for target in self.targets}


@dataclass(frozen=True)
class Entity:
    """A table. `columns` are by logical name and include the id and the columns that every table has."""

    name: str
    set_name: str
    primary_name: str
    columns: Mapping[str, Column]
    keys: tuple[tuple[str, ...], ...]

    @property
    def primary_id(self) -> str:
        return f"{self.name}id"

    @property
    def metadata_id(self) -> UUID:
        return uuid.uuid5(_NAMESPACE, f"entity:{self.name}")

    def column_id(self, column: str) -> UUID:
        return uuid.uuid5(_NAMESPACE, f"column:{self.name}.{column}")

    def by_wire(self) -> Mapping[str, Column]:
        return _by_wire(self.name)

    def navigations(self) -> Mapping[str, tuple[Column, str]]:
        """Single-valued navigation properties: the lookup and the table that it leads to."""
        return _navigations(self.name)

    def collections(self) -> Mapping[str, tuple[Entity, Column]]:
        """Collection-valued ones: the table whose lookup leads here, and that lookup."""
        return _collections(self.name)


# Columns that every table has: what the organization writes itself, and the state.
CREATED, MODIFIED, VERSION = "createdon", "modifiedon", "versionnumber"
READ_ONLY = frozenset({CREATED, MODIFIED, VERSION})
# What a record that says nothing of its state has: active.
DEFAULTS: Mapping[str, int] = {"statecode": 0, "statuscode": 1}
_COMMON = {
    CREATED: Type.DATE_TIME,
    MODIFIED: Type.DATE_TIME,
    VERSION: Type.BIG_INTEGER,
    "statecode": Type.STATE,
    "statuscode": Type.STATUS,
}


@cache
def entities() -> Mapping[str, Entity]:
    """All tables by logical name."""
    source = tomllib.loads(_SOURCE.read_text(encoding="utf-8"))
    return {name: _entity(name, description) for name, description in sorted(source.items())}


@cache
def sets() -> Mapping[str, Entity]:
    """All tables by the name of their entity set."""
    return {entity.set_name: entity for entity in entities().values()}


def _entity(name: str, description: Mapping[str, Any]) -> Entity:
    columns = {f"{name}id": Column(f"{name}id", Type.ID)}
    for type in Type:
        for column in description.get(type.value, "").split():
            columns[column] = Column(column, type)
    collections = description.get("collections", {})
    for column, targets in description.get("lookups", {}).items():
        names = tuple(collections.get(column, "").split())
        columns[column] = Column(column, Type.LOOKUP, tuple(targets.split()), names)
    columns |= {column: Column(column, type) for column, type in _COMMON.items()}
    keys = tuple(tuple(key) for key in description.get("keys", ()))
    return Entity(name, description["set"], description["name"], columns, keys)


@cache
def _by_wire(name: str) -> Mapping[str, Column]:
    return {column.wire: column for column in entities()[name].columns.values()}


@cache
def _navigations(name: str) -> Mapping[str, tuple[Column, str]]:
    return {
        navigation: (column, target)
        for column in entities()[name].columns.values()
        for navigation, target in column.navigations().items()
    }


@cache
def _collections(name: str) -> Mapping[str, tuple[Entity, Column]]:
    return {
        collection: (entity, column)
        for entity in entities().values()
        for column in entity.columns.values()
        for target, collection in zip(column.targets, column.collections, strict=False)
        if target == name
    }

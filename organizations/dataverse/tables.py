"""What the organization says about one of its tables, as the adapter needs it. Kept for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from organizations.dataverse.session import Access, Session, text

KEPT = 600.0  # seconds


@dataclass(frozen=True)
class Lookup:
    """A navigation property of a lookup, and the table that it leads to."""

    navigation: str
    target: str


@dataclass(frozen=True)
class Definition:
    """A table: `types` of columns by logical name ("String"), `lookups` by column."""

    name: str
    set_name: str
    primary_id: str
    types: Mapping[str, str]
    lookups: Mapping[str, tuple[Lookup, ...]]

    def wire(self, attribute: str) -> str:
        """The property's name in queries and answers."""
        if attribute == "id":
            return self.primary_id
        return f"_{attribute}_value" if attribute in self.lookups else attribute


class Definitions:
    """All threads' memory of definitions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[Access, str], tuple[Definition, float]] = {}

    def get(self, session: Session, entity: str) -> Definition:
        """Raises NotFound for a table that the organization does not have, and what the port raises."""
        key = (session.access, entity)
        with self._lock:
            known, until = self._known.get(key, (None, 0.0))
        if known is not None and time.monotonic() < until:
            return known
        found = _ask(session, entity)
        with self._lock:
            if len(self._known) > 5000:
                self._known.clear()
            self._known[key] = (found, time.monotonic() + KEPT)
        return found

    def forget(self, access: Access) -> None:
        """An import may have changed the tables."""
        with self._lock:
            for key in [key for key in self._known if key[0] == access]:
                del self._known[key]


DEFINITIONS = Definitions()


def _ask(session: Session, entity: str) -> Definition:
    navigation = "ReferencingEntityNavigationPropertyName"
    found = session.get(
        f"EntityDefinitions(LogicalName={text(entity)})",
        {
            "$select": "LogicalName,EntitySetName,PrimaryIdAttribute",
            "$expand": "Attributes($select=LogicalName,AttributeType),"
            f"ManyToOneRelationships($select=ReferencingAttribute,ReferencedEntity,{navigation})",
        },
    )
    lookups: dict[str, tuple[Lookup, ...]] = {}
    for relation in found["ManyToOneRelationships"]:
        column = relation["ReferencingAttribute"]
        lookup = Lookup(relation[navigation], relation["ReferencedEntity"])
        lookups[column] = (*lookups.get(column, ()), lookup)
    types = {column["LogicalName"]: column["AttributeType"] for column in found["Attributes"]}
    return Definition(entity, found["EntitySetName"], found["PrimaryIdAttribute"], types, lookups)

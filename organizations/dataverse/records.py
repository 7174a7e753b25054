"""Records over the Web API, in the port's form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from organizations.adapters.embedded.values import clean_attributes, clean_entity, merged
from organizations.dataverse import batches, queries
from organizations.dataverse.batches import Request
from organizations.dataverse.session import Session, address, checked
from organizations.dataverse.tables import DEFINITIONS, Definition, Lookup
from organizations.ports import Attributes, Condition, NotFound, Query, Record, Rejected

# What each record has from the organization itself, and the port does not tell.
_SYSTEM = frozenset(
    "createdon modifiedon createdby modifiedby createdonbehalfby modifiedonbehalfby ownerid owningbusinessunit "
    "owninguser owningteam versionnumber importsequencenumber overriddencreatedon timezoneruleversionnumber "
    "utcconversiontimezonecode".split()
)
# The state that each record begins in: one that is in it says nothing of it, as in an embedded organization.
_SILENT: Mapping[str, Any] = {"statecode": 0, "statuscode": 1}
_VERSION = re.compile(r'W/"(\d+)"')
_REPRESENTATION = {"Prefer": "return=representation"}


def _table(session: Session, entity: str) -> Definition:
    return DEFINITIONS.get(session, clean_entity(entity))


def find(session: Session, query: Query) -> list[Record]:
    try:
        table = _table(session, query.entity)
    except NotFound:
        return []  # nothing is there of what the organization does not know
    if query.top is not None and query.top <= 0:
        return []
    rows = (row for options in queries.options(query, table) for row in session.rows(table.set_name, options))
    return queries.sifted((_record(row, table) for row in rows), query)


def find_many(session: Session, wanted: Sequence[Query]) -> list[list[Record]]:
    """One batch for all that one address each asks; the rest is asked for alone."""
    tables = [_known(session, query.entity) for query in wanted]
    asked: list[tuple[int, Request]] = []
    for number, (query, table) in enumerate(zip(wanted, tables, strict=True)):
        if table is not None and (query.top is None or query.top > 0):
            asked += [
                (number, Request("GET", address(table.set_name, options)))
                for options in queries.options(query, table)
            ]
    rows: list[list[Record]] = [[] for _ in wanted]
    for start in range(0, len(asked), batches.MAX_REQUESTS):
        part = asked[start : start + batches.MAX_REQUESTS]
        answers = session.batch([request for _, request in part])
        for (number, _), answer in zip(part, answers, strict=True):
            table = tables[number]
            assert table is not None
            rows[number] += [_record(row, table) for row in session.rest(checked(answer))]
    return [queries.sifted(found, query) for found, query in zip(rows, wanted, strict=True)]


def _known(session: Session, entity: str) -> Definition | None:
    try:
        return _table(session, entity)
    except NotFound:
        return None


def get(session: Session, entity: str, record_id: UUID) -> Record:
    table = _table(session, entity)
    return _record(session.get(f"{table.set_name}({record_id})"), table)


def create(session: Session, entity: str, attributes: Attributes, record_id: UUID | None) -> Record:
    table = _table(session, entity)
    payload = _payload(session, table, attributes)
    if record_id is not None:
        payload[table.primary_id] = str(record_id)
    return _written(session, Request("POST", table.set_name, payload, _REPRESENTATION), table)


def update(session: Session, entity: str, record_id: UUID, attributes: Attributes) -> Record:
    table = _table(session, entity)
    headers = {**_REPRESENTATION, "If-Match": "*", "If-None-Match": ""}
    return _written(session, _change(session, table, record_id, attributes, headers), table)


def upsert(session: Session, entity: str, record_id: UUID, attributes: Attributes) -> Record:
    """Looks first: writing what is there already would raise the version."""
    table = _table(session, entity)
    try:
        there = get(session, entity, record_id)
    except NotFound:
        there = None
    if there is not None and not _differs(there, attributes):
        return there
    headers = {**_REPRESENTATION, "If-None-Match": ""}
    return _written(session, _change(session, table, record_id, attributes, headers), table)


def upsert_many(session: Session, records: Sequence[tuple[str, UUID, Attributes]]) -> int:
    """In one change set, those first that others refer to. Raises Rejected(code="too_many") beyond what one holds."""
    together: dict[tuple[str, UUID], dict[str, Any]] = {}
    for entity, record_id, attributes in records:
        together.setdefault((clean_entity(entity), record_id), {}).update(clean_attributes(attributes))
    there = _existing(session, list(together))
    changed = {
        key: values for key, values in together.items() if key not in there or _differs(there[key], values)
    }
    if len(changed) > batches.MAX_REQUESTS:
        raise Rejected(
            f"More than {batches.MAX_REQUESTS} records cannot be written at once in this organization.",
            code="too_many",
        )
    requests = [
        _change(session, _table(session, entity), record_id, changed[entity, record_id], {})
        for entity, record_id in _referred_first(changed)
    ]
    if requests:
        session.batch(requests, together=True)
    return len(records)


def delete(session: Session, entity: str, record_id: UUID) -> None:
    try:
        table = _table(session, entity)
        session.send(Request("DELETE", f"{table.set_name}({record_id})"))
    except NotFound:
        return


def _existing(session: Session, keys: Sequence[tuple[str, UUID]]) -> dict[tuple[str, UUID], Record]:
    ids: dict[str, list[str]] = {}
    for entity, record_id in keys:
        ids.setdefault(entity, []).append(str(record_id))
    wanted = [Query(entity, [Condition("id", "in", values)]) for entity, values in ids.items()]
    return {(record.entity, record.id): record for found in find_many(session, wanted) for record in found}


def _referred_first(changed: Mapping[tuple[str, UUID], Mapping[str, Any]]) -> Iterable[tuple[str, UUID]]:
    """A record can be bound to another one only when that is there."""
    by_id = {str(record_id): (entity, record_id) for entity, record_id in changed}
    done: set[tuple[str, UUID]] = set()
    for first in changed:
        waiting = [first]
        seen: set[tuple[str, UUID]] = set()
        while waiting:
            key = waiting[-1]
            seen.add(key)
            needs = {
                by_id[value] for value in changed[key].values() if isinstance(value, str) and value in by_id
            }
            open_needs = [need for need in needs if need not in done and need not in seen]
            if open_needs:
                waiting += open_needs
                continue
            waiting.pop()
            if key not in done:
                done.add(key)
                yield key


def _differs(record: Record, attributes: Attributes) -> bool:
    return merged(record.attributes, clean_attributes(attributes)) != dict(record.attributes)


def _change(
    session: Session, table: Definition, record_id: UUID, attributes: Attributes, headers: Mapping[str, str]
) -> Request:
    payload = _payload(session, table, attributes)
    return Request("PATCH", f"{table.set_name}({record_id})", payload, headers)


def _written(session: Session, request: Request, table: Definition) -> Record:
    return _record(session.object(request), table)


# --- values -------------------------------------------------------------------------------------------------


def _payload(session: Session, table: Definition, attributes: Attributes) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    for name, value in clean_attributes(attributes).items():
        if name in table.lookups:
            payload |= _bound(session, table, name, value)
        elif isinstance(value, list | dict):
            raise Rejected(f"“{name}” cannot hold a list in this organization.", code="bad_value")
        else:
            payload[name] = value
    return payload


def _bound(session: Session, table: Definition, name: str, value: Any) -> dict[str, Any]:
    lookups = table.lookups[name]
    if value is None:
        return {f"{lookups[0].navigation}@odata.bind": None}
    try:
        record_id = UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise Rejected(f"“{name}” wants the id of a record.", code="bad_value") from None
    lookup = lookups[0] if len(lookups) == 1 else _where_it_leads(session, table, name, record_id)
    target = _set_name(session, lookup.target)
    return {f"{lookup.navigation}@odata.bind": f"/{target}({record_id})"}


def _where_it_leads(session: Session, table: Definition, name: str, record_id: UUID) -> Lookup:
    """A lookup that leads to several tables does not say to which: the one that has the record."""
    for lookup in table.lookups[name]:
        target = _known(session, lookup.target)
        if target is None:
            continue
        try:
            session.get(f"{target.set_name}({record_id})", {"$select": target.primary_id})
        except NotFound:
            continue
        return lookup
    raise Rejected(f"“{name}” refers to a record that is not there.", code="bad_value")


def _set_name(session: Session, entity: str) -> str:
    known = {"systemuser": "systemusers", "team": "teams"}
    return known[entity] if entity in known else _table(session, entity).set_name


def _record(row: Mapping[str, Any], table: Definition) -> Record:
    attributes: dict[str, Any] = {}
    names = {table.wire(column): column for column in table.types}
    for wire, value in row.items():
        name = names.get(wire)
        if name is None or value is None or name in _SYSTEM or name == table.primary_id:
            continue
        if name in _SILENT and value == _SILENT[name]:
            continue
        attributes[name] = value
    return Record(table.name, UUID(row[table.primary_id]), attributes, _version(row))


def _version(row: Mapping[str, Any]) -> int:
    match = _VERSION.fullmatch(str(row.get("@odata.etag", "")))
    if match:
        return int(match[1])
    version = row.get("versionnumber")
    return version if isinstance(version, int) else 0

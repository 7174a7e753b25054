"""Reading and writing records: `accounts`, `accounts(…)`, and what lies behind them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from organizations import models, ports
from organizations.adapters.embedded import conditions
from organizations.adapters.embedded import records as store
from organizations.facade import payloads, records
from organizations.facade.callers import Caller
from organizations.facade.definitions import Entity, entities
from organizations.facade.exchange import Call, Reply, etag
from organizations.facade.odata import options as query_options
from organizations.facade.odata import paths
from organizations.facade.odata.faults import (
    DUPLICATE,
    VERSION_MISMATCH,
    Fault,
    bad_payload,
    bad_query,
    no_property,
    no_record,
    no_segment,
)
from organizations.facade.odata.options import Expand, Options
from organizations.facade.odata.paths import Segment
from organizations.facade.privileges import on
from organizations.facade.tables import other_side
from organizations.ports import Condition, OperationState

_METHODS = {"GET": "Read", "POST": "Create", "PATCH": "Write", "PUT": "Write", "DELETE": "Delete"}
_ACTION = "Microsoft.Dynamics.CRM."
MAX_EXPANDED_ROWS = 5000  # of one expansion of a collection, for all rows of the page together


def answer(call: Call, caller: Caller, entity: Entity, segments: Sequence[Segment]) -> Reply:
    """Raises Fault."""
    first, rest = segments[0], segments[1:]
    if not first.called:
        return _set(call, caller, entity, rest)
    if rest:
        return _behind(call, caller, entity, first, rest)
    match call.method:
        case "GET":
            return _read(call, caller, entity, first)
        case "PATCH":
            return _patch(call, caller, entity, first)
        case "DELETE":
            return _delete(call, caller, entity, first)
    raise _not_allowed(call)


def _set(call: Call, caller: Caller, entity: Entity, rest: Sequence[Segment]) -> Reply:
    if rest and rest[0].name == "$count" and call.method == "GET" and len(rest) == 1:
        caller.require(on(entity.name, "Read"))
        options = query_options.parse({**call.query, "$count": "true", "$top": "0"})
        page = _page(caller, entity, options, page_size=1)
        return Reply(200, str(page.total), {"Content-Type": "text/plain"})
    if rest and call.method == "POST" and len(rest) == 1 and rest[0].name.startswith(_ACTION):
        return _many(call, caller, entity, rest[0].name.removeprefix(_ACTION))
    if rest:
        raise no_segment(rest[0].name)
    match call.method:
        case "GET":
            return listed(call, caller, entity)
        case "POST":
            caller.require(on(entity.name, "Create"))
            record_id, attributes = payloads.attributes(call.payload(), entity)
            row = _create(caller, entity, attributes, record_id)
            return _written(call, entity, row, created=True)
    raise _not_allowed(call)


def listed(call: Call, caller: Caller, entity: Entity, within: Q | None = None) -> Reply:
    """A page of records."""
    caller.require(on(entity.name, "Read"))
    options = query_options.parse(call.query)
    page = _page(caller, entity, options, page_size=call.page_size, within=within)
    body: dict[str, Any] = {"@odata.context": f"{call.root}/$metadata#{entity.set_name}"}
    if page.total is not None:
        body["@odata.count"] = page.total
    body["value"] = _shown(page.rows, caller, entity, options, call.root)
    if page.next_token:
        query = {**call.query, "$skiptoken": page.next_token}
        body["@odata.nextLink"] = (
            f"{call.root}/{quote(call.path, safe='/()=,$')}?{urlencode(query, quote_via=quote)}"
        )
    headers = (
        {"Preference-Applied": f"odata.maxpagesize={call.page_size}"} if "prefer" in call.headers else {}
    )
    return Reply(200, body, headers)


def _page(
    caller: Caller, entity: Entity, options: Options, *, page_size: int, within: Q | None = None
) -> records.Page:
    """What a filter looks at in other tables must be the caller's to read, or its answer would tell of them."""
    for name in sorted(records.tables_of(options.filter, entity)):
        caller.require(on(name, "Read"))
    return records.find(caller.instance.id, entity, options, page_size=page_size, within=within)


def _shown(
    rows: Sequence[models.Record], caller: Caller, entity: Entity, options: Options, root: str
) -> list[dict[str, Any]]:
    shown = [records.shown(row, entity, options.select) for row in rows]
    for expand in options.expand:
        for item, found in zip(shown, _expanded(rows, caller, entity, expand, root), strict=True):
            item.update(found)
    return shown


def _expanded(
    rows: Sequence[models.Record], caller: Caller, entity: Entity, expand: Expand, root: str
) -> list[dict[str, Any]]:
    """What the property leads to, for each of the rows, in one query."""
    if expand.name in entity.navigations():
        column, name = entity.navigations()[expand.name]
        target = _known(name)
        caller.require(on(target.name, "Read"))
        found = records.by_id(caller.instance.id, target, records.lookups(rows, column))
        shown = {str(key): records.shown(row, target, expand.options.select) for key, row in found.items()}
        return [{expand.name: shown.get(row.attributes.get(column.name))} for row in rows]
    if expand.name in entity.collections():
        return _collected(rows, caller, entity, expand, root)
    raise no_property(expand.name, entity.name)


def _collected(
    rows: Sequence[models.Record], caller: Caller, entity: Entity, expand: Expand, root: str
) -> list[dict[str, Any]]:
    other, column = entity.collections()[expand.name]
    caller.require(on(other.name, "Read"))
    ids = [str(row.record_id) for row in rows]
    within = conditions.matching(Condition(column.name, "in", ids))
    wanted = Options(filter=expand.options.filter, order=expand.options.order)
    page = _page(caller, other, wanted, page_size=MAX_EXPANDED_ROWS, within=within)
    if page.next_token:
        return [_elsewhere(f"{root}/{entity.set_name}({key})/{expand.name}", expand) for key in ids]
    by_owner: dict[str, list[Any]] = {key: [] for key in ids}
    for row in page.rows:
        by_owner[row.attributes[column.name]].append(records.shown(row, other, expand.options.select))
    return [{expand.name: by_owner[key][: expand.options.top]} for key in ids]


def _elsewhere(address: str, expand: Expand) -> dict[str, Any]:
    """There are more than one answer holds, of all the rows together: each row's own are at its own address."""
    query = urlencode(expand.query, quote_via=quote)
    return {expand.name: [], f"{expand.name}@odata.nextLink": f"{address}?{query}" if query else address}


def _known(name: str) -> Entity:
    if name not in entities():
        raise bad_query(f"'{name}' cannot be expanded here.")
    return entities()[name]


# --- one record ---------------------------------------------------------------------------------------------


def _key(segment: Segment, entity: Entity) -> tuple[UUID | None, dict[str, Any]]:
    """An id, or the values of an alternate key. Raises Fault."""
    if segment.arguments is not None:
        arguments = dict(segment.arguments)
        if set(arguments) == {entity.primary_id} and isinstance(arguments[entity.primary_id], UUID):
            return arguments[entity.primary_id], {}
        return None, payloads.key_values(arguments, entity)
    if segment.guid is None:
        raise bad_query(f"'{str(segment.key)[:60]}' is not an id.")
    return segment.guid, {}


def _find(caller: Caller, entity: Entity, segment: Segment) -> models.Record | None:
    record_id, values = _key(segment, entity)
    rows = records.rows_of(caller.instance.id, entity)
    if record_id is not None:
        return rows.filter(record_id=record_id).first()
    found = list(rows.filter(*_same(values))[:2])
    if len(found) > 1:
        raise Fault(412, "0x80060891", f"More than one {entity.name} has this key.")
    return found[0] if found else None


def _same(values: Mapping[str, Any]) -> list[Q]:
    return [conditions.matching(Condition(name, "eq", value)) for name, value in values.items()]


def _found(caller: Caller, entity: Entity, segment: Segment) -> models.Record:
    row = _find(caller, entity, segment)
    if row is None:
        key = segment.key if segment.arguments is None else dict(segment.arguments)
        raise no_record(entity.name, str(key))
    return row


def _read(call: Call, caller: Caller, entity: Entity, segment: Segment) -> Reply:
    caller.require(on(entity.name, "Read"))
    options = query_options.parse(call.query)
    row = _found(caller, entity, segment)
    if call.if_none_match in ("*", etag(row.version)):
        return Reply(304, None, {"ETag": etag(row.version)})
    context = {"@odata.context": f"{call.root}/$metadata#{entity.set_name}/$entity"}
    return Reply(
        200, {**context, **_shown([row], caller, entity, options, call.root)[0]}, {"ETag": etag(row.version)}
    )


def _patch(call: Call, caller: Caller, entity: Entity, segment: Segment) -> Reply:
    """Update, or create what is not there: If-Match allows only the one, If-None-Match only the other."""
    _, changes = payloads.attributes(call.payload(), entity)
    with transaction.atomic():
        row = _locked(caller, entity, segment)
        if row is not None:
            caller.require(on(entity.name, "Write"))
            _check_version(call, row)
            if call.if_none_match == "*":
                raise Fault(412, DUPLICATE, "A record with matching key values already exists.")
            _update(caller, entity, row, changes)
            return _written(call, entity, _fresh(row), created=False)
        if call.if_match:
            raise no_record(entity.name, str(segment.key or segment.arguments))
        caller.require(on(entity.name, "Create"))
        record_id, values = _key(segment, entity)
        return _written(call, entity, _create(caller, entity, {**values, **changes}, record_id), created=True)


def _locked(caller: Caller, entity: Entity, segment: Segment) -> models.Record | None:
    """The record with a lock. Whoever makes one by its alternate key waits for others who do."""
    record_id, values = _key(segment, entity)
    if record_id is None:
        key = f"{entity.name}:{sorted(values.items())}"
        _lock_key(caller.instance.id, key)
    row = _find(caller, entity, segment)
    if row is None:
        return None
    return models.Record.objects.select_for_update().filter(pk=row.pk).first()


def _lock_key(instance_id: UUID, key: str) -> None:
    """Until the transaction ends, nobody else writes by this key."""
    number = uuid.uuid5(instance_id, key).int % 2**63
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _check_version(call: Call, row: models.Record) -> None:
    if call.if_match not in ("", "*", etag(row.version)):
        raise Fault(
            412,
            VERSION_MISMATCH,
            "The version of the existing record doesn't match the RowVersion property provided.",
        )


def _delete(call: Call, caller: Caller, entity: Entity, segment: Segment) -> Reply:
    caller.require(on(entity.name, "Delete"))
    with transaction.atomic():
        row = _locked(caller, entity, segment)
        if row is None:
            raise no_record(entity.name, str(segment.key or segment.arguments))
        _check_version(call, row)
        row.delete()
    return Reply(204)


def _create(
    caller: Caller, entity: Entity, attributes: Mapping[str, Any], record_id: UUID | None
) -> models.Record:
    record_id = record_id or uuid.uuid4()
    try:
        with transaction.atomic():
            _check_keys(caller, entity, attributes)
            store.create(caller.instance.id, entity.name, attributes, record_id)
    except ports.Rejected as error:
        if error.code == "duplicate":
            raise Fault(412, DUPLICATE, "A record with matching key values already exists.") from error
        raise bad_payload(error.message) from error
    return records.rows_of(caller.instance.id, entity).get(record_id=record_id)


def _update(caller: Caller, entity: Entity, row: models.Record, changes: Mapping[str, Any]) -> None:
    """Of a record that is locked."""
    if any(name in changes for key in entity.keys for name in key):
        _check_keys(caller, entity, {**row.attributes, **changes}, but=row.record_id)
    store.update(caller.instance.id, entity.name, row.record_id, changes)


def _check_keys(
    caller: Caller, entity: Entity, attributes: Mapping[str, Any], *, but: UUID | None = None
) -> None:
    """No other record has one of these alternate keys."""
    for key in entity.keys:
        values = {name: attributes.get(name) for name in key}
        if None in values.values():
            continue
        _lock_key(caller.instance.id, f"{entity.name}:{sorted(values.items())}")
        others = records.rows_of(caller.instance.id, entity).filter(*_same(values))
        if (others if but is None else others.exclude(record_id=but)).exists():
            raise Fault(
                412, DUPLICATE, f"A record of {entity.name} with the same {', '.join(key)} already exists."
            )


def _fresh(row: models.Record) -> models.Record:
    row.refresh_from_db()
    return row


def _written(call: Call, entity: Entity, row: models.Record, *, created: bool) -> Reply:
    headers = {"OData-EntityId": f"{call.root}/{entity.set_name}({row.record_id})", "ETag": etag(row.version)}
    if created:
        headers["Location"] = headers["OData-EntityId"]
    if not call.wants_representation:
        return Reply(204, None, headers)
    options = query_options.parse(call.query)
    context = {"@odata.context": f"{call.root}/$metadata#{entity.set_name}/$entity"}
    body = {**context, **records.shown(row, entity, options.select)}
    return Reply(201 if created else 200, body, {**headers, "Preference-Applied": "return=representation"})


# --- behind a record ----------------------------------------------------------------------------------------


def _behind(call: Call, caller: Caller, entity: Entity, first: Segment, rest: Sequence[Segment]) -> Reply:
    name = rest[0].name
    if len(rest) > 1 or rest[0].called:
        raise no_segment(rest[-1].name)
    caller.require(on(entity.name, "Read" if call.method == "GET" else "Write"))
    row = _found(caller, entity, first)
    if name in entity.by_wire() and call.method in ("GET", "PUT", "DELETE"):
        return _property(call, caller, entity, row, name)
    if call.method != "GET":
        raise _not_allowed(call)
    if name in entity.collections():
        other, column = entity.collections()[name]
        return listed(
            call, caller, other, conditions.matching(Condition(column.name, "eq", str(row.record_id)))
        )
    if name in entity.navigations():
        column, target = entity.navigations()[name]
        value = row.attributes.get(column.name)
        if value is None:
            return Reply(204)
        return _read(call, caller, _known(target), Segment(target, UUID(value), called=True))
    raise no_segment(name)


def _property(call: Call, caller: Caller, entity: Entity, row: models.Record, name: str) -> Reply:
    column = entity.by_wire()[name]
    if call.method == "GET":
        value = records.shown(row, entity, [name])[name]
        return Reply(204) if value is None else Reply(200, {"value": value})
    value = call.payload().get("value") if call.method == "PUT" else None
    _, changes = payloads.attributes({column.name: value}, entity)
    with transaction.atomic():
        locked = models.Record.objects.select_for_update().filter(pk=row.pk).first()
        if locked is None:
            raise no_record(entity.name, str(row.record_id))
        _check_version(call, locked)
        _update(caller, entity, locked, changes)
    return Reply(204)


# --- many at once -------------------------------------------------------------------------------------------


def _many(call: Call, caller: Caller, entity: Entity, action: str) -> Reply:
    """CreateMultiple and its like: all of the records or none."""
    actions: Mapping[str, Callable[[Caller, Entity, Mapping[str, Any]], UUID]] = {
        "CreateMultiple": _create_one,
        "UpdateMultiple": _update_one,
        "UpsertMultiple": _upsert_one,
    }
    if action not in actions:
        raise no_segment(f"{_ACTION}{action}")
    with transaction.atomic():
        ids = [str(actions[action](caller, entity, item)) for item in payloads.targets(call.payload())]
    return Reply(200, {"Ids": ids}) if action == "CreateMultiple" else Reply(204)


def _create_one(caller: Caller, entity: Entity, item: Mapping[str, Any]) -> UUID:
    caller.require(on(entity.name, "Create"))
    record_id, attributes = payloads.attributes(item, entity)
    return _create(caller, entity, attributes, record_id).record_id


def _update_one(caller: Caller, entity: Entity, item: Mapping[str, Any]) -> UUID:
    caller.require(on(entity.name, "Write"))
    record_id, changes = payloads.attributes(item, entity)
    if record_id is None:
        raise bad_payload(f"Each of the Targets names its {entity.primary_id}.")
    row = _locked(caller, entity, Segment(entity.set_name, record_id, called=True))
    if row is None:
        raise no_record(entity.name, str(record_id))
    _update(caller, entity, row, changes)
    return record_id


def _upsert_one(caller: Caller, entity: Entity, item: Mapping[str, Any]) -> UUID:
    record_id, changes = payloads.attributes(item, entity)
    if "@odata.id" in item:
        segment = paths.parse(
            "/".join([f"{name}({key})" for name, key in [payloads.reference(item["@odata.id"])]])
        )[0]
    elif record_id is not None:
        segment = Segment(entity.set_name, record_id, called=True)
    else:
        raise bad_payload("Each of the Targets names its id or an alternate key.")
    row = _locked(caller, entity, segment)
    if row is None:
        caller.require(on(entity.name, "Create"))
        given, values = _key(segment, entity)
        return _create(caller, entity, {**values, **changes}, given).record_id
    caller.require(on(entity.name, "Write"))
    _update(caller, entity, row, changes)
    return row.record_id


def bulk_delete(call: Call, caller: Caller) -> Reply:
    """`BulkDelete` of records by their ids, which is how clients ask for it; its job has ended when it is answered."""
    entity, ids = _bulk(call.payload())
    caller.require(on(entity.name, "Delete"))
    job_id = uuid.uuid4()
    with transaction.atomic():
        records.rows_of(caller.instance.id, entity).filter(record_id__in=ids).delete()
        models.AsyncOperation.objects.create(
            instance=caller.instance,
            operation_id=other_side(job_id),
            solution="BulkDelete",
            state=OperationState.SUCCEEDED.value,
            progress=100,
            finished_at=timezone.now(),
        )
    return Reply(200, {"JobId": str(job_id)})


def _bulk(payload: Mapping[str, Any]) -> tuple[Entity, list[UUID]]:
    try:
        (query,) = payload["QuerySet"]
        entity = entities()[query["EntityName"]]
        (condition,) = query["Criteria"]["Conditions"]
        if condition["AttributeName"] != entity.primary_id or condition["Operator"] not in ("In", "Equal"):
            raise ValueError(condition["AttributeName"])
        ids = [UUID(value["Value"] if isinstance(value, dict) else value) for value in condition["Values"]]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise bad_payload(
            "BulkDelete takes one query with one condition, a list of the records' ids."
        ) from error
    return entity, ids


def _not_allowed(call: Call) -> Fault:
    return Fault(405, "0x80060888", f"The method {call.method} is not allowed here.")

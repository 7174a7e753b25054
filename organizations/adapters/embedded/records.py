"""Records of an embedded organization."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from organizations import models, ports
from organizations.adapters.embedded.conditions import matching, ordering
from organizations.adapters.embedded.values import clean_attributes, clean_entity, merged
from organizations.ports import Attributes

_BATCH = 500


def find(instance_id: UUID, query: ports.Query) -> list[ports.Record]:
    rows = models.Record.objects.filter(instance=instance_id, entity=query.entity)
    for condition in query.where:
        rows = rows.filter(matching(condition))
    rows = rows.order_by(*(ordering(name) for name in query.order), "record_id")
    if query.top is not None:
        rows = rows[: max(query.top, 0)]
    return [_record(row) for row in rows]


def find_many(instance_id: UUID, queries: Sequence[ports.Query]) -> list[list[ports.Record]]:
    """Answers in the order of the queries. Those that ask several entities for the same are one statement."""
    groups: dict[str, list[int]] = {}
    for place, query in enumerate(queries):
        groups.setdefault(
            repr((query.where, query.order)) if query.top is None else f"alone {place}", []
        ).append(place)
    answers: list[list[ports.Record]] = [[] for _ in queries]
    for places in groups.values():
        if len(places) == 1:
            answers[places[0]] = find(instance_id, queries[places[0]])
        else:
            found = _find_in(instance_id, {queries[place].entity for place in places}, queries[places[0]])
            for place in places:
                answers[place] = [record for record in found if record.entity == queries[place].entity]
    return answers


def _find_in(instance_id: UUID, entities: set[str], query: ports.Query) -> list[ports.Record]:
    rows = models.Record.objects.filter(instance=instance_id, entity__in=sorted(entities))
    for condition in query.where:
        rows = rows.filter(matching(condition))
    rows = rows.order_by(*(ordering(name) for name in query.order), "record_id")
    return [_record(row) for row in rows]


def get(instance_id: UUID, entity: str, record_id: UUID) -> ports.Record:
    row = _rows(instance_id, entity, record_id).first()
    if row is None:
        raise _not_found(entity, record_id)
    return _record(row)


def create(instance_id: UUID, entity: str, attributes: Attributes, record_id: UUID | None) -> ports.Record:
    row = models.Record(
        instance_id=instance_id,
        entity=clean_entity(entity),
        record_id=record_id or uuid.uuid4(),
        attributes=merged({}, clean_attributes(attributes)),
        version=1,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        message = f"There is a record of {entity} with the id {row.record_id} already."
        raise ports.Rejected(message, code="duplicate") from error
    return _record(row)


def update(instance_id: UUID, entity: str, record_id: UUID, attributes: Attributes) -> ports.Record:
    changes = clean_attributes(attributes)
    with transaction.atomic():
        row = _rows(instance_id, entity, record_id).select_for_update().first()
        if row is None:
            raise _not_found(entity, record_id)
        if _change(row, changes):
            row.save()
    return _record(row)


def upsert_many(instance_id: UUID, records: Sequence[tuple[str, UUID, Attributes]]) -> int:
    """Rows are made empty where there are none, then locked, then changed: no two callers make the same row."""
    clean = [(clean_entity(entity), key, clean_attributes(values)) for entity, key, values in records]
    # Always in the same order, so that two callers never wait for each other.
    keys = sorted({(entity, record_id) for entity, record_id, _ in clean})
    with transaction.atomic():
        models.Record.objects.bulk_create(
            (
                models.Record(instance_id=instance_id, entity=entity, record_id=record_id, version=0)
                for entity, record_id in keys
            ),
            ignore_conflicts=True,
            batch_size=_BATCH,
        )
        rows = {(row.entity, row.record_id): row for row in _locked(instance_id, keys)}
        changed = {}
        for entity, record_id, changes in clean:
            row = rows[entity, record_id]
            if _change(row, changes):
                row.modified_at = timezone.now()
                changed[row.pk] = row
        models.Record.objects.bulk_update(
            changed.values(), ["attributes", "version", "modified_at"], batch_size=_BATCH
        )
    return len(records)


def delete(instance_id: UUID, entity: str, record_id: UUID) -> None:
    _rows(instance_id, entity, record_id).delete()


def _rows(instance_id: UUID, entity: str, record_id: UUID) -> QuerySet[models.Record]:
    return models.Record.objects.filter(instance=instance_id, entity=entity, record_id=record_id)


def _locked(instance_id: UUID, keys: Sequence[tuple[str, UUID]]) -> Iterable[models.Record]:
    by_entity: dict[str, list[UUID]] = {}
    for entity, record_id in keys:
        by_entity.setdefault(entity, []).append(record_id)
    for entity, ids in by_entity.items():
        wanted = Q(instance=instance_id, entity=entity, record_id__in=ids)
        yield from models.Record.objects.filter(wanted).order_by("record_id").select_for_update()


def _change(row: models.Record, changes: Attributes) -> bool:
    """Whether anything is new. A row that was just made (version 0) always is."""
    attributes = merged(row.attributes, changes)
    if row.version and attributes == row.attributes:
        return False
    row.attributes = attributes
    row.version += 1
    return True


def _record(row: models.Record) -> ports.Record:
    return ports.Record(row.entity, row.record_id, row.attributes, row.version)


def _not_found(entity: str, record_id: UUID) -> ports.NotFound:
    return ports.NotFound(f"There is no record of {entity} with the id {record_id}.")

"""Translation files imported into an embedded organization: their texts become people's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from uuid import UUID

from django.db import transaction

from organizations import models, ports
from organizations.adapters.embedded import imports, languages
from organizations.packages import reader
from organizations.packages.layer import Key
from organizations.packages.package import LabelText
from organizations.ports import LabelChanges, OperationState

FILE = "CrmTranslations.xml"
_BATCH = 1000


def import_translations(instance_id: UUID, data: bytes, operation_id: UUID) -> ports.Operation:
    """The import is done when this returns."""
    texts = reader.read_translations(data)
    models.AsyncOperation.objects.get_or_create(
        instance_id=instance_id,
        operation_id=operation_id,
        defaults={"solution": FILE, "component": FILE, "state": OperationState.IN_PROGRESS.value},
    )
    with transaction.atomic():
        instance = models.Instance.objects.select_for_update(no_key=True).get(pk=instance_id)
        row = models.AsyncOperation.objects.get(instance=instance, operation_id=operation_id)
        if not OperationState(row.state).finished:
            row.labels = [asdict(changes) for changes in _write(instance, texts)]
            imports.finish(row, None)
    return imports.told(row)


def _write(instance: models.Instance, texts: Iterable[LabelText]) -> list[LabelChanges]:
    enabled = languages.enabled(instance.id, instance.base_language)
    by_language: dict[int, dict[Key, str]] = {}
    for label in texts:
        by_language.setdefault(label.lcid, {})[label.component, label.column] = label.text
    return [
        _write_language(instance, lcid, said) if lcid in enabled else LabelChanges(lcid, skipped=len(said))
        for lcid, said in sorted(by_language.items())
    ]


def _write_language(instance: models.Instance, lcid: int, said: Mapping[Key, str]) -> LabelChanges:
    rows = models.Label.objects.filter(instance=instance, solution=None, lcid=lcid)
    there = {
        (component, column): text
        for component, column, text in rows.values_list("component", "column", "text")
    }
    new = {key: text for key, text in said.items() if there.get(key) != text}
    models.Label.objects.bulk_create(
        (
            models.Label(instance=instance, component=component, column=column, lcid=lcid, text=text)
            for (component, column), text in new.items()
        ),
        update_conflicts=True,
        unique_fields=["instance", "component", "column", "lcid", "solution"],
        update_fields=["text"],
        batch_size=_BATCH,
    )
    changed = sum(key in there for key in new)
    return LabelChanges(lcid, added=len(new) - changed, changed=changed, unchanged=len(said) - len(new))

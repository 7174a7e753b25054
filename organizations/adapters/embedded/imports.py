"""Imports into an embedded organization: whole or not at all, once per operation, one after the other.

The changes of labels are prepared in parts, one with each call, and made in one transaction together with the solution
itself. Whatever dies in between leaves the organization as it was; the same call goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from organizations import models, ports
from organizations.adapters.embedded import languages, solutions, staging
from organizations.packages import layer, reader
from organizations.packages.package import Package
from organizations.packages.verdict import Objection
from organizations.ports import OperationState

# An import in parts asks for the same package again and again.
_read = lru_cache(maxsize=4)(reader.read)


def import_solution(instance_id: UUID, data: bytes, operation_id: UUID) -> ports.Operation:
    """Do the next part of the import; a small one is done when this returns."""
    package = _read(data)
    # Its own transaction, so that others see that something is going on.
    models.AsyncOperation.objects.get_or_create(
        instance_id=instance_id,
        operation_id=operation_id,
        defaults={
            "solution": package.unique_name,
            "component": package.unique_name,
            "state": OperationState.IN_PROGRESS.value,
        },
    )
    with transaction.atomic():
        # The lock that makes imports queue. It leaves the organization's records free to change.
        instance = models.Instance.objects.select_for_update(no_key=True).get(pk=instance_id)
        row = models.AsyncOperation.objects.get(instance=instance, operation_id=operation_id)
        if not OperationState(row.state).finished:
            _go_on(instance, row, package)
    return told(row)


def operation(instance_id: UUID, operation_id: UUID) -> ports.Operation:
    row = models.AsyncOperation.objects.filter(instance=instance_id, operation_id=operation_id).first()
    if row is None:
        raise ports.NotFound("The organization knows no such operation.")
    return told(row)


def _go_on(instance: models.Instance, row: models.AsyncOperation, package: Package) -> None:
    _, objection = solutions.verdict(instance.id, package)
    if objection is not None:
        staging.discard(row)
        return finish(row, objection)
    solution = models.Solution.objects.filter(instance=instance, unique_name=package.unique_name).first()
    enabled = set(languages.enabled(instance.id, instance.base_language))
    wanted = layer.wanted(package, enabled, instance.base_language)
    digests = layer.digests(wanted)
    plan = staging.plan(solution, wanted, digests)
    if not staging.prepare(row, plan.puts, basis=staging.basis_of(solution, digests)):
        return row.save()
    counted = staging.counts(instance.id, plan.puts, wanted, layer.skipped(package, enabled))
    row.labels = [asdict(changes) for changes in counted]
    staging.apply(row, _install(instance, package, digests), plan.gone)
    return finish(row, None)


def _install(instance: models.Instance, package: Package, digests: dict[str, str]) -> models.Solution:
    top = models.Solution.objects.filter(instance=instance).aggregate(top=Max("layer"))["top"] or 0
    said = {
        "friendly_name": package.friendly_name(languages.default(instance.id, instance.base_language)),
        "version": package.version,
        "languages": digests,
    }
    solution, _ = models.Solution.objects.update_or_create(
        instance=instance,
        unique_name=package.unique_name,
        defaults=said,
        create_defaults={**said, "layer": top + 1},
    )
    return solution


def finish(row: models.AsyncOperation, objection: Objection | None) -> None:
    """The operation has ended, well or badly."""
    row.state = (OperationState.FAILED if objection else OperationState.SUCCEEDED).value
    row.progress = 0 if objection else 100
    row.component = row.solution
    row.message = objection.message if objection else ""
    row.error_code = objection.code if objection else ""
    row.finished_at = timezone.now()
    row.save()


def told(row: models.AsyncOperation) -> ports.Operation:
    """The operation as the port tells it."""
    return ports.Operation(
        id=row.operation_id,
        state=OperationState(row.state),
        progress=row.progress,
        component=row.component,
        message=row.message,
        error_code=row.error_code,
        labels=tuple(ports.LabelChanges(**changes) for changes in row.labels),
    )

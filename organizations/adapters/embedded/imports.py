"""Imports into an embedded organization: whole or not at all, once per operation, one after the other."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from organizations import models, ports
from organizations.adapters.embedded import labels, languages, solutions
from organizations.packages import reader
from organizations.packages.package import Package
from organizations.packages.verdict import Objection
from organizations.ports import OperationState


def import_solution(instance_id: UUID, data: bytes, operation_id: UUID) -> ports.Operation:
    """The import is done when this returns. If the process dies within, the operation stays in progress with
    nothing written, and the same call again does it.
    """
    package = reader.read(data)
    # Its own transaction, so that others see that something is going on.
    models.AsyncOperation.objects.get_or_create(
        instance_id=instance_id,
        operation_id=operation_id,
        defaults={"solution": package.unique_name, "state": OperationState.IN_PROGRESS.value},
    )
    with transaction.atomic():
        # The lock that makes imports queue. It leaves the organization's records free to change.
        instance = models.Instance.objects.select_for_update(no_key=True).get(pk=instance_id)
        row = models.AsyncOperation.objects.get(instance=instance, operation_id=operation_id)
        if not OperationState(row.state).finished:
            _, objection = solutions.verdict(instance_id, package)
            if objection is None:
                _install(instance, package)
            _finish(row, objection)
    return _operation(row)


def operation(instance_id: UUID, operation_id: UUID) -> ports.Operation:
    row = models.AsyncOperation.objects.filter(instance=instance_id, operation_id=operation_id).first()
    if row is None:
        raise ports.NotFound("The organization knows no such operation.")
    return _operation(row)


def _install(instance: models.Instance, package: Package) -> None:
    top = models.Solution.objects.filter(instance=instance).aggregate(top=Max("layer"))["top"] or 0
    said = {
        "friendly_name": package.friendly_name(instance.base_language),
        "version": package.version,
    }
    solution, _ = models.Solution.objects.update_or_create(
        instance=instance,
        unique_name=package.unique_name,
        defaults=said,
        create_defaults={**said, "layer": top + 1},
    )
    labels.replace_layer(
        solution,
        package,
        enabled=set(languages.enabled(instance.id, instance.base_language)),
        base_language=instance.base_language,
    )


def _finish(row: models.AsyncOperation, objection: Objection | None) -> None:
    row.state = (OperationState.FAILED if objection else OperationState.SUCCEEDED).value
    row.message = objection.message if objection else ""
    row.error_code = objection.code if objection else ""
    row.finished_at = timezone.now()
    row.save()


def _operation(row: models.AsyncOperation) -> ports.Operation:
    return ports.Operation(
        id=row.operation_id,
        state=OperationState(row.state),
        progress=100 if row.state == OperationState.SUCCEEDED.value else 0,
        component=row.solution,
        message=row.message,
        error_code=row.error_code,
    )

"""Imports into an organization somewhere else: begun once, then watched."""

from __future__ import annotations

import base64
from uuid import UUID

from organizations import models
from organizations.dataverse import faults
from organizations.dataverse.session import Session
from organizations.dataverse.tables import DEFINITIONS
from organizations.ports import NotFound, Operation, OperationState, Rejected, Unavailable

# statecode, statuscode of an asynchronous operation
_SUCCEEDED, _ENDED = 30, 3


def begin(
    instance_id: UUID,
    session: Session,
    action: str,
    member: str,
    file: bytes,
    operation_id: UUID,
    component: str,
) -> Operation:
    """Ask the organization to import the file, unless it was asked already; how it stands."""
    row, new = models.RemoteOperation.objects.get_or_create(
        instance_id=instance_id, operation_id=operation_id, defaults={"component": component}
    )
    if row.async_operation_id is not None:
        return _watch(session, row)
    payload: dict[str, object] = {
        member: base64.b64encode(file).decode(),
        "ImportJobId": str(operation_id),
    }
    if action == "ImportSolutionAsync":
        payload |= {"OverwriteUnmanagedCustomizations": False, "PublishWorkflows": True}
    try:
        answer = session.post(action, payload, long=True)
    except Rejected:
        # An answer that never reached us: the organization has begun, and takes the same import no second time.
        if not new and _known(session, operation_id):
            return _watch(session, row)
        models.RemoteOperation.objects.filter(pk=row.pk).delete()
        raise
    row.async_operation_id = _id(answer.get("AsyncOperationId"))
    row.save(update_fields=["async_operation_id"])
    return _watch(session, row)


def stand(instance_id: UUID, session: Session, operation_id: UUID) -> Operation:
    """Raises NotFound."""
    row = models.RemoteOperation.objects.filter(instance=instance_id, operation_id=operation_id).first()
    if row is None:
        raise NotFound("The organization knows no such operation.")
    return _watch(session, row)


def _id(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise Unavailable("The organization began an import and did not say which.") from error


def _known(session: Session, operation_id: UUID) -> bool:
    """Whether the organization has begun, though its answer never reached us."""
    try:
        session.get(f"importjobs({operation_id})", {"$select": "progress"})
    except NotFound:
        return False
    return True


def _watch(session: Session, row: models.RemoteOperation) -> Operation:
    progress, ended = _progress(session, row.operation_id)
    if row.async_operation_id is None:
        return _without_answer(row, progress, ended=ended)
    found = session.get(
        f"asyncoperations({row.async_operation_id})",
        {"$select": "statecode,statuscode,message,friendlymessage,errorcode"},
    )
    if found.get("statecode") != _ENDED:
        running = OperationState.IN_PROGRESS if found.get("statecode") == 2 else OperationState.READY
        return Operation(row.operation_id, running, progress=min(progress, 99), component=row.component)
    if found.get("statuscode") == _SUCCEEDED:
        DEFINITIONS.forget(session.access)
        return Operation(row.operation_id, OperationState.SUCCEEDED, progress=100, component=row.component)
    said = str(found.get("message") or found.get("friendlymessage") or "")
    code, message = faults.of_import(said, found.get("errorcode"))
    return Operation(
        row.operation_id,
        OperationState.FAILED,
        component=row.component,
        message=message,
        error_code=code,
    )


def _without_answer(row: models.RemoteOperation, progress: int, *, ended: bool) -> Operation:
    """The answer was lost, so only the import job tells. It ends at 100 percent when it went well."""
    if not ended:
        return Operation(
            row.operation_id, OperationState.IN_PROGRESS, progress=progress, component=row.component
        )
    if progress >= 100:
        return Operation(row.operation_id, OperationState.SUCCEEDED, progress=100, component=row.component)
    said = "The import failed; its reason is in the organization's list of imports."
    return Operation(
        row.operation_id,
        OperationState.FAILED,
        component=row.component,
        message=said,
        error_code="import_failed",
    )


def _progress(session: Session, operation_id: UUID) -> tuple[int, bool]:
    """Percent, and whether it has ended; 0 before the import job is there."""
    try:
        found = session.get(f"importjobs({operation_id})", {"$select": "progress,completedon"})
    except NotFound:
        return 0, False
    progress = found.get("progress")
    percent = int(progress) if isinstance(progress, int | float) else 0
    return max(0, min(percent, 100)), bool(found.get("completedon"))

"""One solution imported by a step of a job: the way that all jobs take.

The organization does the work; the step watches it, writes down how far it is, and says why it cannot be done. Behind
every import stands a person who installs, and who must be System Administrator of the organization then (mission,
"Troubleshoot Provisioning").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from accounts.roles import OrganizationRole
from jobs.context import StepContext
from jobs.errors import Blocked, NotYet, Permanent
from organizations import archive, installations
from organizations.connect import connect_by_id
from organizations.languages import language
from organizations.packages import versions
from organizations.ports import Operation, OperationState, Organization

POLL = 1.0  # seconds between two looks at an import that the organization works on


@dataclass(frozen=True)
class Installer:
    """The person behind an import: directory object id, and name for sentences."""

    object_id: UUID
    name: str

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> Installer | None:
        """Who a job's inputs name; None for jobs that name nobody."""
        given = inputs.get("installer")
        return cls(UUID(given), inputs["installer_name"]) if given else None


@dataclass(frozen=True)
class Wanted:
    """What is to be imported. `content` gives the package when it is needed.

    `again`: import it although the organization has this version, since the file may be another.
    `installer` is who installs, as `installer_inputs` of the job says it; None: the admin center itself.
    `for_language`: LCID of the portal that needs it, which must be enabled; None when no portal does.
    """

    instance_id: UUID
    unique_name: str
    version: str
    content: Callable[[], bytes]
    installer: Installer | None
    again: bool = False
    for_language: int | None = None


def import_solution(context: StepContext, wanted: Wanted) -> Mapping[str, Any]:
    """Import it, unless the organization has it. The job names the import, so it begins none twice.

    Raises Permanent (what the organization says, or "language_disabled"), Blocked ("installer_not_administrator"),
    NotYet while the organization works, and what the port raises.
    """
    organization = connect_by_id(wanted.instance_id)
    if not wanted.again and _is_there(organization, wanted):
        return _installed(wanted, imported=False)
    require_language(organization, wanted.for_language)
    require_installer(organization, wanted.installer)
    installations.installing(
        instance_id=wanted.instance_id,
        unique_name=wanted.unique_name,
        version=wanted.version,
        job_id=context.job_id,
    )
    content = wanted.content()
    operation = see_through(
        context,
        lambda operation_id: organization.import_solution(content, operation_id=operation_id),
        tell=lambda operation: installations.progressed(
            instance_id=wanted.instance_id,
            unique_name=wanted.unique_name,
            progress=operation.progress,
            component=operation.component,
        ),
    )
    archive.keep(unique_name=wanted.unique_name, version=wanted.version, content=content)
    return {**_installed(wanted, imported=True), "operation": str(operation.id)}


def see_through(
    context: StepContext,
    ask: Callable[[UUID], Operation],
    *,
    tell: Callable[[Operation], object] = lambda operation: None,
) -> Operation:
    """Ask for an import until it has ended well. A new attempt is a new import: one that failed stays failed.

    While its progress grows from call to call it is asked at once, else a second later. Raises Permanent with the
    organization's own words, NotYet, and what `StepContext.check` raises.
    """
    operation_id = uuid5(context.op_key, str(context.job_id))
    seen = -1
    while not (operation := ask(operation_id)).state.finished:
        tell(operation)
        if operation.progress <= seen:
            raise NotYet(POLL, note=operation.component)
        seen = operation.progress
        context.check()
    if operation.state is OperationState.FAILED:
        raise Permanent(operation.message, code=operation.error_code or "import_failed")
    return operation


def require_language(organization: Organization, lcid: int | None) -> None:
    """Raises Permanent when that language of a portal is not enabled (any more)."""
    if lcid is not None and lcid not in organization.provisioned_languages():
        raise Permanent(
            f"The portal's language, {language(lcid).name}, is not enabled in the organization any more. "
            "Enable it there, then retry.",
            code="language_disabled",
        )


def require_installer(organization: Organization, installer: Installer | None) -> None:
    """Raises Blocked unless that person is System Administrator of the organization."""
    if installer is None:
        return
    if OrganizationRole.SYSTEM_ADMINISTRATOR not in organization.roles_of(installer.object_id):
        raise Blocked(
            f"{installer.name}, who installs, is not System Administrator of the organization. "
            "Give the role, or let a System Administrator retry.",
            code="installer_not_administrator",
        )


def _is_there(organization: Organization, wanted: Wanted) -> bool:
    return any(
        there.unique_name == wanted.unique_name and not versions.older(there.version, wanted.version)
        for there in organization.solutions()
    )


def _installed(wanted: Wanted, *, imported: bool) -> dict[str, Any]:
    installations.installed(
        instance_id=wanted.instance_id, unique_name=wanted.unique_name, version=wanted.version
    )
    return {"imported": True, "version": wanted.version} if imported else {"imported": False}

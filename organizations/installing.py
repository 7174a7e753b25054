"""The job that installs or upgrades one solution, when an administrator asks for it on the solutions page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.urls import reverse

from accounts import permissions
from accounts.words import N_
from jobs.context import StepContext
from jobs.errors import Permanent
from jobs.models import Job
from jobs.registry import Effect, Kind, OnRestart, Planned, Step, Subject
from jobs.states import JobState
from organizations import importing, installations
from organizations.models import Instance, UploadedPackage
from organizations.packages import catalog

if TYPE_CHECKING:
    from accounts.models import User

KIND = installations.KIND
_STEP = "import-solution"


def _import(context: StepContext) -> Mapping[str, Any]:
    inputs = context.inputs
    return importing.import_solution(
        context,
        importing.Wanted(
            instance_id=UUID(inputs["instance_id"]),
            unique_name=inputs["unique_name"],
            version=inputs["version"],
            content=lambda: _content(inputs),
            installer=importing.Installer.of(inputs),
            again=inputs["package_id"] is not None,
        ),
    )


def _content(inputs: Mapping[str, Any]) -> bytes:
    if inputs["package_id"] is None:
        return catalog.load(inputs["unique_name"])
    package = UploadedPackage.objects.filter(pk=inputs["package_id"]).first()
    if package is None:
        raise Permanent("The uploaded package is gone. Upload it again.", code="package_gone")
    return bytes(package.content)


def _begun(job: Job) -> None:
    installations.taken(
        instance_id=UUID(job.inputs["instance_id"]),
        unique_name=job.inputs["unique_name"],
        version=job.inputs["version"],
        package_id=UUID(job.inputs["package_id"]) if job.inputs["package_id"] else None,
        job_id=job.id,
        requested_by_id=job.requested_by_id,
    )


def _settled(job: Job) -> None:
    if job.state != JobState.SUCCEEDED:
        reason = job.error_message or f"The installation was {job.state}."
        installations.job_failed(job_id=job.id, reason=reason, error_id=job.error_id)


def may_see(user: User, job: Job) -> bool:
    """Those who administer the organization."""
    return permissions.may_administer_instance(user, UUID(job.inputs["instance_id"]))


def subjects(ids: Collection[str]) -> dict[str, Subject]:
    """Solutions pages by instance id, for lists of jobs, in one query."""
    return {
        str(instance.id): Subject(instance.name, reverse("organizations:solutions", args=[instance.id]))
        for instance in Instance.objects.filter(pk__in=[UUID(id) for id in ids]).only("id", "name")
    }


def _subject(job: Job) -> Subject | None:
    return subjects([job.inputs["instance_id"]]).get(job.inputs["instance_id"])


INSTALL = Kind(
    name=KIND,
    version=1,
    title=N_("Install solution"),
    # One solution is one step; it is done anew with every attempt, since what is there already is left alone.
    steps=(Step(_STEP, N_("Install {argument}"), _import, Effect.PROBE_FIRST, OnRestart.VERIFY),),
    plan=lambda inputs: [Planned(_STEP, inputs["unique_name"])],
    may_see=may_see,
    may_act=may_see,
    subject=_subject,
    on_begun=_begun,
    on_settled=_settled,
)

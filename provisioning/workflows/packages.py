"""Installing a portal's packages into its organization, and filling its website with their sample data.

One such job at a time works on an organization (serial key). Its failure leaves the portal configured: its URL goes on
to show "Getting set up", and the organization's solutions page says which solution failed and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone

from accounts import permissions
from jobs.context import StepContext
from jobs.models import Job
from jobs.registry import Effect, Kind, OnRestart, Planned, Step, Subject
from jobs.states import JobState
from organizations import importing, installations
from organizations.connect import connect_by_id
from organizations.packages import catalog
from organizations.packages.samples import WebsiteRecord
from organizations.ports import Condition, Organization, Query
from provisioning.hosting import hosting
from provisioning.models import Portal
from provisioning.phases import Packages
from provisioning.policies import no_new_packages, require_new_attempt
from provisioning.ports import Face, HostingUnavailable
from provisioning.solutions import in_order

if TYPE_CHECKING:
    from accounts.models import User

KIND = "install-packages"
IMPORT = "import-solution"


def _organization(context: StepContext) -> Organization:
    return connect_by_id(UUID(context.inputs["instance_id"]))


def _import(context: StepContext) -> Mapping[str, Any]:
    """Import one solution, unless the organization has it."""
    name = context.argument
    return importing.import_solution(
        context,
        importing.Wanted(
            instance_id=UUID(context.inputs["instance_id"]),
            unique_name=name,
            version=catalog.find(name).version,
            content=lambda: catalog.load(name),
            installer=importing.Installer.of(context.inputs),
            for_language=context.inputs["language"],
        ),
    )


def _load_content(context: StepContext) -> Mapping[str, Any]:
    """The website's pages, links and texts, in the portal's language if the package has it."""
    sample = catalog.sample_records(
        context.inputs["package"],
        addons=context.inputs["add_on_packages"],
        lcid=context.inputs["language"],
        website_id=UUID(context.inputs["website_id"]),
    )
    organization = _organization(context)
    there = _already_there(organization, sample.records)
    # What the organization has is left alone: a person may have changed it since a portal stood here before.
    missing = [record for record in sample.records if record[1] not in there]
    with context.owned():
        Portal.objects.filter(pk=context.inputs["portal_id"]).update(content_language=sample.lcid)
    return {"records": organization.upsert_many(missing), "kept": len(there), "language": sample.lcid}


def _already_there(organization: Organization, records: Sequence[WebsiteRecord]) -> set[UUID]:
    by_entity: dict[str, list[str]] = {}
    for entity, record_id, _ in records:
        by_entity.setdefault(entity, []).append(str(record_id))
    return {
        record.id
        for entity, ids in by_entity.items()
        for record in organization.query(Query(entity, [Condition("id", "in", ids)]))
    }


def _publish(context: StepContext) -> Mapping[str, Any]:
    Portal.objects.filter(pk=context.inputs["portal_id"]).update(published_at=timezone.now())
    return {}


def _probe_home(context: StepContext) -> Mapping[str, Any]:
    probe = hosting().probe(context.inputs["subdomain"])
    if probe.portal_id != UUID(context.inputs["portal_id"]):
        raise HostingUnavailable(f"The portal's URL does not answer as this portal (status {probe.status}).")
    if probe.face not in (Face.LIVE, Face.OFF) or (probe.face is Face.LIVE and probe.status != 200):
        raise HostingUnavailable(f"The portal's home page does not answer yet (status {probe.status}).")
    return {"status": probe.status}


def _plan(inputs: Mapping[str, Any]) -> Sequence[Planned]:
    imports = [Planned(IMPORT, name) for name in _solutions(inputs)]
    return [*imports, Planned("load-content"), Planned("publish-content"), Planned("probe-home")]


def _solutions(inputs: Mapping[str, Any]) -> list[str]:
    return in_order(inputs["package"], inputs["add_on_packages"])


def _begun(job: Job) -> None:
    require_new_attempt(no_new_packages, job)
    Portal.objects.filter(pk=job.inputs["portal_id"]).update(packages=Packages.INSTALLING, packages_job=job)
    installations.request(
        instance_id=UUID(job.inputs["instance_id"]),
        unique_names=_solutions(job.inputs),
        job_id=job.id,
        requested_by_id=job.requested_by_id,
    )


def _settled(job: Job) -> None:
    portals = Portal.objects.filter(pk=job.inputs["portal_id"], packages_job=job)
    if job.state == JobState.SUCCEEDED:
        portals.update(packages=Packages.INSTALLED)
        return
    portals.update(packages=Packages.INSTALL_FAILED, published_at=None)
    reason = job.error_message or f"The installation was {job.state}."
    installations.job_failed(job_id=job.id, reason=reason, error_id=job.error_id)


def may_see(user: User, job: Job) -> bool:
    """Those who manage the portal, which includes all who administer the organization."""
    return permissions.may_manage(user, UUID(job.inputs["instance_id"]))


def _subject(job: Job) -> Subject | None:
    portal = Portal.objects.filter(pk=job.inputs["portal_id"]).first()
    return None if portal is None else Subject(portal.name, f"/portals/{portal.id}/")


PACKAGES = Kind(
    name=KIND,
    version=1,
    title="Install packages",
    steps=(
        Step(IMPORT, "Install {argument}", _import, Effect.PROBE_FIRST),
        Step("load-content", "Fill the website with its sample content", _load_content, Effect.IDEMPOTENT),
        Step(
            "publish-content", "Show the website instead of “Getting set up”", _publish, Effect.DATABASE_ONLY
        ),
        Step(
            "probe-home", "Wait until the home page answers", _probe_home, Effect.IDEMPOTENT, OnRestart.VERIFY
        ),
    ),
    plan=_plan,
    may_see=may_see,
    may_act=may_see,
    subject=_subject,
    on_begun=_begun,
    on_settled=_settled,
)

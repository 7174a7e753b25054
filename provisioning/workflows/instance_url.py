"""Update Dynamics 365 URL: an organization has another address than before, and its portal is bound to that one.

The address changes and the organization stays: another one at the new address is refused. What the job makes are
records of the organization that are there already, so nothing has to be taken back. Until the third step is done the
portal is bound to the old address, from then on to the new one; a failure leaves it on one of the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from accounts.words import N_
from jobs import ledger
from jobs.context import StepContext
from jobs.errors import Permanent
from jobs.models import Job, Resource
from jobs.registry import Effect, Kind, OnRestart, Planned, Step
from jobs.states import JobState
from organizations import trail
from organizations.locating import same
from organizations.models import Instance
from organizations.ports import NotFound, Organization
from provisioning.binding import OtherOrganization, require_same
from provisioning.features import KINDS, PortalKind
from provisioning.hosting import hosting
from provisioning.models import Portal
from provisioning.phases import Phase
from provisioning.policies import no_new_instance_update, require_new_attempt
from provisioning.ports import Face, HostingUnavailable
from provisioning.workflows.provision import may_manage, subject, website_id

KIND = "update-instance-url"


def _organization(context: StepContext) -> Organization:
    """The portal's organization at the new address; asked by every step, since each may run long after the other."""
    instance = Instance.objects.get(pk=UUID(context.inputs["instance_id"]))
    try:
        return require_same(
            instance=instance,
            url=context.inputs["url"],
            organization_id=UUID(context.inputs["organization_id"]),
        )
    except OtherOrganization as error:
        raise Permanent(
            f"Another Dynamics 365 organization ({error.found}) answers at {context.inputs['url']}. The portal stays "
            f"with the organization that it was provisioned for ({context.inputs['organization_id']}).",
            code="other_organization",
        ) from error


def _verify(context: StepContext) -> Mapping[str, Any]:
    _organization(context)
    return {"organization": context.inputs["organization_id"]}


def _rebind(context: StepContext) -> Mapping[str, Any]:
    """The records by which the organization knows its portal are written at the new address, and name it.

    Of a website that is there nothing else is changed, since people may have changed it.
    """
    portal = Portal.objects.get(pk=UUID(context.inputs["portal_id"]))
    organization = _organization(context)
    site = portal.website_id or website_id(portal.id)
    bound = {"adx_portalid": str(portal.id), "adx_organizationurl": context.inputs["url"]}
    whole = {**_website(portal), **bound}
    made = not _is_there(organization, "adx_website", site)
    _write(context, organization, "adx_website", site, whole if made else bound)
    binding = {"adx_name": portal.name, "adx_websiteid": str(site), "adx_sitename": portal.host}
    _write(context, organization, "adx_websitebinding", uuid5(site, "binding"), binding)
    return {"website_id": str(site), "made": made}


def _website(portal: Portal) -> Mapping[str, Any]:
    return {
        "adx_name": portal.name,
        "adx_primarydomainname": portal.host,
        "adx_defaultlanguage": portal.language,
        "adx_portaltype": KINDS[PortalKind(portal.template)].title,
        "adx_administratorid": str(portal.administrator_id),
    }


def _is_there(organization: Organization, entity: str, record_id: UUID) -> bool:
    try:
        organization.get(entity, record_id)
    except NotFound:
        return False
    return True


def _write(
    context: StepContext,
    organization: Organization,
    entity: str,
    record_id: UUID,
    attributes: Mapping[str, Any],
) -> None:
    resource = context.plan(entity, str(record_id), scope=Resource.Scope.ORGANIZATION)
    organization.upsert(entity, record_id, attributes)
    ledger.made(resource, external_id=str(record_id))


def _bind(context: StepContext) -> Mapping[str, Any]:
    """From here on the portal reads at the new address, and so does the admin center. The portal is held first, as by
    everybody who holds both.
    """
    url = context.inputs["url"]
    portal = Portal.objects.select_for_update().get(pk=UUID(context.inputs["portal_id"]))
    instance = Instance.objects.select_for_update(no_key=True).get(pk=UUID(context.inputs["instance_id"]))
    before = portal.organization_url or instance.url
    if not same(instance.url, url):
        _move(instance, url)
    Portal.objects.filter(pk=portal.pk).update(organization_url=url)
    return {"before": before, "url": url}


def _move(instance: Instance, url: str) -> None:
    """The admin center learns where an organization is that is not ours. An embedded one is where it says."""
    if instance.kind == Instance.Kind.EMBEDDED:
        raise Permanent(
            f"The organization has moved on to {instance.url} meanwhile. Enter that URL.", code="moved_again"
        )
    try:
        with transaction.atomic():
            before, instance.url = instance.url, url
            instance.save(update_fields=["url"])
            trail.address(instance, before=before)
    except IntegrityError:
        raise Permanent(
            f"Another instance of the admin center has the URL {url}. Correct that instance first.",
            code="address_taken",
        ) from None


def _probe(context: StepContext) -> Mapping[str, Any]:
    """A portal that shows pages has read them from the organization, at the address that it is bound to."""
    probe = hosting().probe(context.inputs["subdomain"])
    if probe.portal_id != UUID(context.inputs["portal_id"]):
        raise HostingUnavailable(f"The portal's URL does not answer as this portal (status {probe.status}).")
    if probe.face is Face.LIVE and probe.status != 200:
        raise HostingUnavailable(f"The portal's home page does not answer yet (status {probe.status}).")
    return {"status": probe.status, "face": probe.face.value}


def _begun(job: Job) -> None:
    require_new_attempt(no_new_instance_update, job)
    portals = Portal.objects.filter(pk=job.inputs["portal_id"])
    portals.update(phase=Phase.INSTANCE_UPDATING, instance_job=job)


def _settled(job: Job) -> None:
    phase = Phase.CONFIGURED if job.state == JobState.SUCCEEDED else Phase.INSTANCE_UPDATE_FAILED
    Portal.objects.filter(pk=job.inputs["portal_id"], instance_job=job).update(phase=phase)


def values(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a person entered, for the page of a job that was restarted with another URL."""
    return [(gettext("Dynamics 365 URL"), inputs["url"])]


_STEPS = (
    Step(
        "verify-organization",
        N_("Make sure that the same organization answers at the new URL"),
        _verify,
        Effect.IDEMPOTENT,
        OnRestart.VERIFY,
        ("url",),
    ),
    Step(
        "rebind-website",
        N_("Write the website record at the new URL"),
        _rebind,
        Effect.IDEMPOTENT,
        inputs=("url",),
    ),
    Step(
        "bind-portal",
        N_("Bind the portal to the new URL"),
        _bind,
        Effect.DATABASE_ONLY,
        inputs=("url",),
    ),
    Step(
        "probe",
        N_("Wait until the home page answers"),
        _probe,
        Effect.IDEMPOTENT,
        OnRestart.VERIFY,
    ),
)

INSTANCE_URL = Kind(
    name=KIND,
    version=1,
    title=N_("Update Dynamics 365 URL"),
    steps=_STEPS,
    plan=lambda inputs: [Planned(step.name) for step in _STEPS],
    may_see=may_manage,
    may_act=may_manage,
    subject=subject,
    on_begun=_begun,
    on_settled=_settled,
)

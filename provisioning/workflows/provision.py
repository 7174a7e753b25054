"""Provisioning a portal: its hosted resources, and the request for its packages.

It succeeds when the portal's URL answers "Getting set up" (or already more); what the packages then become is the
package job's affair (`provisioning.workflows.packages`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from accounts import permissions
from accounts.directory import directory
from accounts.ports import DirectoryDenied, DirectoryUnavailable
from accounts.roles import OrganizationRole
from accounts.vault import seal
from jobs import ledger
from jobs import services as jobs
from jobs.context import StepContext
from jobs.errors import Blocked, LostLease, Permanent, Transient
from jobs.models import Job, Resource
from jobs.registry import Effect, Kind, OnRestart, Planned, Step, Subject
from jobs.states import JobState
from organizations.connect import connect_by_id
from organizations.models import Instance
from organizations.ports import Organization
from provisioning.configuration import Configuration
from provisioning.features import ADD_ONS, KINDS, AddOn, PortalKind
from provisioning.hosting import hosting
from provisioning.models import Portal, portal_key
from provisioning.phases import Phase
from provisioning.policies import no_new_provisioning, require_new_attempt
from provisioning.ports import Face, HostingUnavailable
from provisioning.workflows import packages

if TYPE_CHECKING:
    from accounts.models import User

KIND = "provision-portal"
SECRET_DAYS = 365  # how long a portal's secret in the directory is valid
# Names records of one portal: the same portal finds its old website again after a reset.
_NAMESPACE = UUID("6f3f9a0e-3f0b-4d52-9d1c-2f6d0f6b7a11")


def website_id(portal_id: UUID) -> UUID:
    """The id of a portal's `adx_website` in whichever organization it is bound to."""
    return uuid5(_NAMESPACE, f"website:{portal_id}")


def _portal(context: StepContext) -> Portal:
    return Portal.objects.get(pk=UUID(context.inputs["portal_id"]))


def _validate(context: StepContext) -> Mapping[str, Any]:
    """The organization as it is now, not as it was when the form was filled in."""
    wanted = Configuration.from_json(context.inputs)
    organization = connect_by_id(wanted.instance_id)
    organization.who_am_i()
    if wanted.language not in organization.provisioned_languages():
        raise Permanent(
            "The portal's language is not enabled in the organization any more. Enable it there, or change the values.",
            code="language_disabled",
        )
    _require_administrators(organization, wanted, UUID(context.inputs["submitted_by"]), context)
    return {"organization": str(organization.who_am_i().organization_id)}


def _require_administrators(
    organization: Organization, wanted: Configuration, submitted_by: UUID, context: StepContext
) -> None:
    if OrganizationRole.SYSTEM_ADMINISTRATOR not in organization.roles_of(submitted_by):
        raise Blocked(
            f"{context.inputs['submitted_by_name']}, who submitted this, is no longer System Administrator of the "
            "organization. Give the role back, or let another System Administrator change the values.",
            code="submitter_not_administrator",
        )
    administrators = organization.users_with_role(OrganizationRole.SYSTEM_ADMINISTRATOR)
    if wanted.administrator_id not in {user.id for user in administrators}:
        raise Permanent(
            f"The portal administrator {wanted.administrator_name} is not System Administrator of the organization "
            "any more. Give the role back, or change the values.",
            code="administrator_left",
        )


def _reserve(context: StepContext) -> Mapping[str, Any]:
    portal = _portal(context)
    subdomain = context.inputs["subdomain"]
    for row in ledger.held(exclusive_key=context.exclusive_key):
        if row.kind in {"address", "route"} and row.name != subdomain:  # of values that were changed since
            hosting().release(row.name, portal_id=portal.id)
            ledger.released(row)
    resource = context.plan("address", subdomain)
    hosting().reserve(subdomain, portal_id=portal.id, instance_id=UUID(context.inputs["instance_id"]))
    ledger.made(resource, external_id=subdomain)
    return {"url": portal.url}


def _register(context: StepContext) -> Mapping[str, Any]:
    """One application and one secret: looked up first, so that a crash in between leaves neither behind."""
    portal = _portal(context)
    resource = context.plan("directory-application", portal.name)
    try:
        application = directory().register(
            request_key=portal_key(portal.id),
            display_name=portal.name,
            redirect_uris=[f"{portal.url}signin-oidc"],
            owners=[UUID(context.inputs["submitted_by"])],
        )
        if not ledger.made(resource, external_id=str(application.id)):
            _leave_none(context, application.id)
        _store_secret(context, portal, application.id, application.client_id)
    except DirectoryDenied as error:
        raise Blocked(str(error), code="directory_denied") from error
    except DirectoryUnavailable as error:
        raise Transient(str(error), code="directory_unavailable") from error
    return {"application_id": str(application.id), "client_id": str(application.client_id)}


def _leave_none(context: StepContext, application_id: UUID) -> None:
    """A reset came while this worker slept: what it made now is nobody's, unless another provisioning has it already.

    Raises LostLease.
    """
    held = ledger.held(exclusive_key=context.exclusive_key)
    if not any(row.kind == "directory-application" for row in held):
        directory().delete(application_id)
    raise LostLease


def _store_secret(context: StepContext, portal: Portal, application_id: UUID, client_id: UUID) -> None:
    resource = context.plan("client-secret", str(portal.id))
    before = directory().secret_ids(application_id)
    secret = directory().add_secret(application_id, days=SECRET_DAYS)
    try:
        with context.owned():
            Portal.objects.filter(pk=portal.pk).update(
                application_id=application_id,
                client_id=client_id,
                client_secret_id=secret.id,
                client_secret=seal(secret.text, place=f"portal:{portal.id}:client-secret"),
            )
            ledger.made(resource, external_id=str(secret.id))
    except LostLease:  # whoever has the job now keeps a secret of its own
        directory().remove_secret(application_id, secret.id)
        raise
    # Left by attempts that died before they could keep the text. Of later ones nothing is known here.
    for old in before:
        directory().remove_secret(application_id, old)


def _create_website(context: StepContext) -> Mapping[str, Any]:
    portal = _portal(context)
    organization = connect_by_id(UUID(context.inputs["instance_id"]))
    site = website_id(portal.id)
    # Read anew: the organization may have moved since the job was asked for.
    url = Instance.objects.values_list("url", flat=True).get(pk=UUID(context.inputs["instance_id"]))
    scope = Resource.Scope.ORGANIZATION
    for entity, record_id, attributes in _website_records(portal, site, url, context):
        resource = context.plan(entity, str(record_id), scope=scope)
        organization.upsert(entity, record_id, attributes)
        ledger.made(resource, external_id=str(record_id))
    with context.owned():
        Portal.objects.filter(pk=portal.pk).update(website_id=site, organization_url=url)
    return {"website_id": str(site)}


def _website_records(
    portal: Portal, site: UUID, organization_url: str, context: StepContext
) -> Sequence[tuple[str, UUID, Mapping[str, Any]]]:
    website = {
        "adx_name": portal.name,
        "adx_primarydomainname": portal.host,
        "adx_defaultlanguage": context.inputs["language"],
        "adx_portalid": str(portal.id),
        "adx_portaltype": KINDS[PortalKind(context.inputs["template"])].title,
        "adx_administratorid": context.inputs["administrator_id"],
        "adx_organizationurl": organization_url,
    }
    binding = {"adx_name": portal.name, "adx_websiteid": str(site), "adx_sitename": portal.host}
    return [("adx_website", site, website), ("adx_websitebinding", uuid5(site, "binding"), binding)]


def _publish(context: StepContext) -> Mapping[str, Any]:
    subdomain = context.inputs["subdomain"]
    resource = context.plan("route", subdomain)
    with context.owned():
        hosting().publish(subdomain, portal_id=UUID(context.inputs["portal_id"]))
        ledger.made(resource, external_id=subdomain)
    return {}


def _request_packages(context: StepContext) -> Mapping[str, Any]:
    portal = _portal(context)
    template = PortalKind(context.inputs["template"])
    job = jobs.enqueue(
        kind=packages.KIND,
        inputs={
            "portal_id": str(portal.id),
            "instance_id": context.inputs["instance_id"],
            "language": context.inputs["language"],
            "package": KINDS[template].package,
            "add_on_packages": [ADD_ONS[AddOn(name)].package for name in context.inputs["add_ons"]],
            "subdomain": context.inputs["subdomain"],
            "website_id": str(website_id(portal.id)),
            # Who submitted installs, whoever of those who manage the portal restarts it.
            "installer": context.inputs["submitted_by"],
            "installer_name": context.inputs["submitted_by_name"],
        },
        exclusive_key=f"packages:{portal.id}",
        serial_key=f"organization:{context.inputs['instance_id']}",
        idempotency_key=f"packages:{context.op_key}:{context.job_id}",
        requested_by=_requester(context),
    )
    return {"job_id": str(job.id)}


def _requester(context: StepContext) -> User | None:
    return Job.objects.select_related("requested_by").get(pk=context.job_id).requested_by


def _probe(context: StepContext) -> Mapping[str, Any]:
    subdomain = context.inputs["subdomain"]
    probe = hosting().probe(subdomain)
    if probe.portal_id != UUID(context.inputs["portal_id"]) or probe.face is Face.NOBODY:
        raise HostingUnavailable(f"The portal's URL does not answer as this portal (status {probe.status}).")
    with context.owned():
        hosting().answered(subdomain)
    return {"status": probe.status, "face": probe.face.value}


def _begun(job: Job) -> None:
    require_new_attempt(no_new_provisioning, job)
    Portal.objects.filter(pk=job.inputs["portal_id"]).update(phase=Phase.CONFIGURING, provision_job=job)


def _settled(job: Job) -> None:
    phase = Phase.CONFIGURED if job.state == JobState.SUCCEEDED else Phase.PROVISIONING_FAILED
    Portal.objects.filter(pk=job.inputs["portal_id"], provision_job=job).update(phase=phase)


def may_manage(user: User, job: Job) -> bool:
    """Whoever manages the portal of a job may see, cancel and restart it."""
    return permissions.may_manage(user, UUID(job.inputs["instance_id"]))


def subject(job: Job) -> Subject | None:
    """The portal of a job."""
    portal = Portal.objects.filter(pk=job.inputs["portal_id"]).first()
    return None if portal is None else Subject(portal.name, f"/portals/{portal.id}/")


_STEPS = (
    Step(
        "validate",
        "Check the values against the organization",
        _validate,
        Effect.IDEMPOTENT,
        OnRestart.VERIFY,
        ("instance_id", "language", "administrator_id"),
    ),
    Step(
        "reserve-url",
        "Reserve the portal's URL",
        _reserve,
        Effect.DATABASE_ONLY,
        inputs=("subdomain", "instance_id"),
    ),
    Step(
        "register-application",
        "Register the portal's application in the directory",
        _register,
        Effect.PROBE_FIRST,
        inputs=("name", "subdomain"),
    ),
    Step(
        "create-website",
        "Create the website record in the organization",
        _create_website,
        Effect.IDEMPOTENT,
        inputs=("name", "subdomain", "instance_id", "language", "administrator_id", "template"),
    ),
    Step(
        "publish",
        "Lead visitors of the URL to the portal",
        _publish,
        Effect.IDEMPOTENT,
        inputs=("subdomain",),
    ),
    Step(
        "request-packages",
        "Request the installation of the portal's packages",
        _request_packages,
        Effect.DATABASE_ONLY,
        inputs=("instance_id", "language", "template", "add_ons"),
    ),
    Step(
        "probe",
        "Wait until the URL answers",
        _probe,
        Effect.IDEMPOTENT,
        OnRestart.VERIFY,
        inputs=("subdomain",),
    ),
)

PROVISION = Kind(
    name=KIND,
    version=1,
    title="Provision portal",
    steps=_STEPS,
    plan=lambda inputs: [Planned(step.name) for step in _STEPS],
    may_see=may_manage,
    may_act=may_manage,
    subject=subject,
    on_begun=_begun,
    on_settled=_settled,
)

"""Submitting a configuration: from the accepted terms to the job that makes the portal."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from accounts import audit, permissions
from accounts.audit import Verb
from jobs import services as jobs
from jobs.models import Job
from provisioning import trail
from provisioning.configuration import Configuration
from provisioning.models import Draft, Portal, PortalType, TermsAcceptance, portal_key
from provisioning.phases import Phase, may_be_configured
from provisioning.policies import require_failed
from provisioning.workflows.provision import KIND

if TYPE_CHECKING:
    from accounts.models import User


class NotPermitted(Exception):
    """The person may not do it; the message names the role that is missing."""


class ChangedMeanwhile(Exception):
    """Somebody changed the values after they were shown with the terms."""


class AlreadySubmitted(Exception):
    """The portal was configured before; the message says by whom and when, as far as `job` tells."""

    def __init__(self, message: str, job: Job | None) -> None:
        super().__init__(message)
        self.job = job


@audit.attempted(Verb.SUBMIT)
@transaction.atomic
def submit(
    *,
    portal_id: UUID,
    configuration: Configuration,
    terms_version: str,
    user: User,
    revision: int | None = None,
) -> Job:
    """Accept the terms and begin to provision the portal: all of it is in the database when this returns.

    `revision`: of the draft that was shown with the terms; None without a draft.
    Raises NotPermitted, AlreadySubmitted, ChangedMeanwhile.
    """
    permissions.ask_again(user, configuration.instance_id)
    if not permissions.may_provision(user, configuration.instance_id):
        raise NotPermitted(
            "You need the System Administrator role in the chosen Dynamics 365 instance to submit."
        )
    portal = Portal.objects.select_for_update().get(pk=portal_id)
    if not may_be_configured(Phase(portal.phase)):
        raise AlreadySubmitted(_who_was_first(portal), portal.provision_job)
    draft = Draft.objects.select_for_update().filter(portal=portal).first()
    if revision is not None and (draft is None or draft.revision != revision):
        raise ChangedMeanwhile
    before = trail.values(portal)
    _take_over(portal, configuration, user)
    trail.configured(Verb.SUBMIT, portal, before=before, by=user)
    job = jobs.enqueue(
        kind=KIND,
        inputs={
            **configuration.to_json(),
            "portal_id": str(portal.id),
            "submitted_by": str(user.directory_object_id),
            "submitted_by_name": str(user),
        },
        exclusive_key=portal_key(portal.id),
        requested_by=user,
    )
    TermsAcceptance.objects.create(
        portal=portal, job=job, user=user, user_email=user.email, terms_version=terms_version
    )
    agreed = {"terms_version": terms_version, "job": str(job.id)}
    audit.record(Verb.CONSENT, subject=trail.subject(portal), by=user, after=agreed)
    Draft.objects.filter(portal=portal).delete()
    return job


@audit.attempted(Verb.CHANGE_VALUES)
@transaction.atomic
def change(*, portal_id: UUID, configuration: Configuration, user: User) -> Job:
    """Restart a failed provisioning with other values: only what depends on them is done anew.

    Raises NotPermitted, policies.NotNow (the provisioning did not fail), jobs.services.NotRestartable, AlreadyActive.
    """
    permissions.ask_again(user, configuration.instance_id)
    if not permissions.may_provision(user, configuration.instance_id):
        raise NotPermitted(
            "You need the System Administrator role in the chosen Dynamics 365 instance to submit."
        )
    portal = Portal.objects.select_for_update().get(pk=portal_id)
    require_failed(portal)
    assert portal.provision_job_id is not None
    inputs = Job.objects.values_list("inputs", flat=True).get(pk=portal.provision_job_id)
    wanted = {**inputs, **configuration.to_json()}
    changed = [name for name in configuration.to_json() if wanted[name] != inputs.get(name)]
    if changed:
        wanted |= {"submitted_by": str(user.directory_object_id), "submitted_by_name": str(user)}
    before = trail.values(portal)
    _take_over(portal, configuration, portal.owner or user)
    trail.configured(Verb.CHANGE_VALUES, portal, before=before, by=user)
    what = "; ".join(
        f"{name}: {inputs.get(name)} → {wanted[name]}" for name in changed if not name.endswith("_id")
    )
    note = f"{user} changed {what}." if what else ""
    return jobs.restart(job_id=portal.provision_job_id, requested_by=user, inputs=wanted, note=note)


def _take_over(portal: Portal, configuration: Configuration, user: User) -> None:
    portal.name = configuration.name
    portal.subdomain = configuration.subdomain
    portal.instance_id = configuration.instance_id
    portal.language = configuration.language
    portal.administrator_id = configuration.administrator_id
    portal.administrator_name = configuration.administrator_name
    portal.audience = configuration.audience
    portal.template = configuration.template
    portal.add_ons = list(configuration.add_ons)
    portal.early_upgrade = configuration.early_upgrade
    if portal.type == PortalType.PRODUCTION:
        portal.development_status = configuration.development_status
    portal.owner = user
    portal.save()


def _who_was_first(portal: Portal) -> str:
    job = portal.provision_job
    who = str(job.requested_by) if job and job.requested_by else "Somebody"
    when = f" at {job.created_at:%H:%M:%S} UTC on {job.created_at:%Y-%m-%d}" if job else ""
    return f"{who} submitted the configuration of this portal{when} already."

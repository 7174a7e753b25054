"""Asking for the update of a portal's Dynamics 365 URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from accounts import audit
from accounts.words import N_
from jobs import services as jobs
from jobs.errors import JobError
from jobs.models import Job
from organizations.locating import AddressRefused, canonical, same
from provisioning.binding import bound_url, require_same
from provisioning.models import Portal
from provisioning.phases import Phase
from provisioning.policies import require_instance_updatable
from provisioning.workflows.instance_url import KIND

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User


def check(*, portal: Portal, url: str) -> tuple[str, JobError | None]:
    """The address as it is kept, and why the portal's organization cannot be reached there now, if it cannot.

    Changes nothing. Raises policies.NotNow, AddressRefused (it is none, or the one that the portal is bound to),
    binding.OtherOrganization.
    """
    require_instance_updatable(portal)
    address = canonical(url)
    if portal.phase == Phase.CONFIGURED and same(address, bound_url(portal)):
        raise AddressRefused(
            "same_address", N_("The portal is bound to this URL already, so there is nothing to update.")
        )
    assert portal.instance is not None  # it is configured
    try:
        require_same(instance=portal.instance, url=address, organization_id=portal.instance.organization_id)
    except JobError as error:
        return address, error
    return address, None


@audit.attempted(audit.Verb.UPDATE_INSTANCE_URL)
def submit(*, portal_id: UUID, url: str, user: User) -> Job:
    """Begin the update, or a new attempt at one that failed, with whatever URL is given now.

    An organization that cannot be reached is no reason to refuse: the job waits for it, and says in the end what is
    wrong. Raises what `check` raises, and jobs.services.AlreadyActive (somebody else was first), NotRestartable.
    """
    found = Portal.objects.select_related("instance", "instance_job").get(pk=portal_id)
    if found.phase == Phase.INSTANCE_UPDATING and found.instance_job is not None:
        raise jobs.AlreadyActive(found.instance_job)
    address, _ = check(portal=found, url=url)
    with transaction.atomic():
        # Without what it refers to: after waiting for the lock, PostgreSQL reads the row anew, but not what was joined.
        portal = Portal.objects.select_for_update().get(pk=portal_id)
        if portal.phase == Phase.INSTANCE_UPDATING and portal.instance_job is not None:
            raise jobs.AlreadyActive(portal.instance_job)
        require_instance_updatable(portal)
        return _begin(portal, address, user)


def _begin(portal: Portal, url: str, user: User) -> Job:
    assert portal.instance is not None
    inputs = {
        "portal_id": str(portal.id),
        "instance_id": str(portal.instance_id),
        "organization_id": str(portal.instance.organization_id),
        "subdomain": portal.subdomain,
        "url": url,
    }
    if portal.phase == Phase.INSTANCE_UPDATE_FAILED and portal.instance_job is not None:
        before = portal.instance_job.inputs.get("url")
        note = f"{user} changed url: {before} → {url}." if before != url else ""
        return jobs.restart(job_id=portal.instance_job.id, requested_by=user, inputs=inputs, note=note)
    return jobs.enqueue(kind=KIND, inputs=inputs, exclusive_key=portal.exclusive_key, requested_by=user)

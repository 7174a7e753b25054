"""Asking for the reset of a portal."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from accounts import audit
from accounts.audit import Verb
from jobs import services as jobs
from jobs.models import Job
from provisioning import trail
from provisioning.models import Portal, portal_key
from provisioning.phases import Phase
from provisioning.policies import require_resettable
from provisioning.workflows.reset import KIND, require_rights

if TYPE_CHECKING:
    from accounts.models import User


@audit.attempted(Verb.RESET_PORTAL)
def submit(*, portal_id: UUID, user: User) -> Job:
    """Begin the reset, or go on with one that failed. Everything is checked before anything is written.

    Raises policies.NotNow (the portal's phase forbids it), jobs.errors.Blocked (a right is missing), Transient (the
    directory or the organization cannot be asked), jobs.services.AlreadyActive (somebody else was first).
    """
    require_rights(portal=Portal.objects.select_related("instance").get(pk=portal_id), user=user)
    with transaction.atomic():
        portal = Portal.objects.select_for_update(of=("self",)).get(pk=portal_id)
        if portal.phase == Phase.RESETTING and portal.reset_job is not None:
            raise jobs.AlreadyActive(portal.reset_job)
        require_resettable(portal)
        audit.record(Verb.RESET_PORTAL, subject=trail.subject(portal), by=user, before={"url": portal.url})
        if portal.phase == Phase.RESET_FAILED and portal.reset_job is not None:
            return jobs.restart(job_id=portal.reset_job.id, requested_by=user)
        return jobs.enqueue(
            kind=KIND,
            inputs={
                "portal_id": str(portal.id),
                "instance_id": str(portal.instance_id),
                "subdomain": portal.subdomain,
            },
            exclusive_key=portal_key(portal.id),
            requested_by=user,
        )

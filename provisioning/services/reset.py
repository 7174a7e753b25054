"""Asking for the reset of a portal."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from accounts import permissions
from accounts.roles import OrganizationRole
from jobs import services as jobs
from jobs.errors import Blocked
from jobs.models import Job
from organizations.connect import connect
from provisioning.models import Portal, portal_key
from provisioning.phases import NOT_ALLOWED, Phase
from provisioning.policies import require_resettable
from provisioning.workflows.reset import KIND, require_right

if TYPE_CHECKING:
    from accounts.models import User


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


def require_rights(*, portal: Portal, user: User) -> None:
    """The person's roles and rights as the organization and the directory see them at this moment.

    Raises Blocked, Transient.
    """
    if not permissions.is_tenant_administrator(user) and portal.instance is not None:
        roles = connect(portal.instance).roles_of(user.directory_object_id)
        if OrganizationRole.SYSTEM_ADMINISTRATOR not in roles:
            raise Blocked(NOT_ALLOWED, code="not_administrator")
    require_right(portal.application_id, object_id=user.directory_object_id)

"""Who lets us in: an organization answers its enabled System Administrators only, and we are one of its users.

Dynamics 365 calls such a user an application user. An administrator may disable it, or take its role away.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import BooleanField, Exists, OuterRef, Subquery

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations.models import Instance, RoleMembership, SystemUser
from organizations.ports import Denied, NotFound, Unavailable

# Our application in the directory, the same in every organization.
APPLICATION_ID = UUID("7f1b3a52-4c8e-4d0b-9c57-2a6de1f0c3b9")
APPLICATION_USER = "# Portal Admin Center"


@dataclass(frozen=True)
class Admission:
    """We are in: which organization this is, and which of its users we are."""

    organization_id: UUID
    user_id: UUID
    base_language: int


def admit(instance_id: UUID) -> Admission:
    """One query, before every call. Raises NotFound, Unavailable (administration mode) and Denied."""
    us = SystemUser.objects.filter(instance=OuterRef("pk"), application_id=APPLICATION_ID)
    instance = (
        Instance.objects.filter(pk=instance_id)
        .annotate(
            user_id=Subquery(us.values("id")[:1]),
            user_disabled=Subquery(us.values("disabled")[:1], output_field=BooleanField()),
            user_administers=Exists(
                RoleMembership.objects.filter(
                    user__instance=OuterRef("pk"),
                    user__application_id=APPLICATION_ID,
                    role__template_id=ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR],
                )
            ),
        )
        .first()
    )
    if instance is None:
        raise NotFound("This Dynamics 365 instance does not exist any more.")
    if instance.state == Instance.State.DISABLED:
        raise Unavailable(f"{instance.name} is in administration mode, so it cannot be reached.")
    if instance.user_id is None:
        raise Denied(f"The user '{APPLICATION_USER}' does not exist in {instance.name}.")
    if instance.user_disabled:
        raise Denied(f"The user '{APPLICATION_USER}' is disabled in {instance.name}.")
    if not instance.user_administers:
        raise Denied(f"The user '{APPLICATION_USER}' is no longer System Administrator of {instance.name}.")
    return Admission(instance.organization_id, instance.user_id, instance.base_language)

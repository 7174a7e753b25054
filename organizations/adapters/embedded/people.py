"""Users of an embedded organization and their roles."""

from __future__ import annotations

from uuid import UUID

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations import models, ports

_ROLES = {template: role for role, template in ROLE_TEMPLATES.items()}


def users_with_role(instance_id: UUID, role: OrganizationRole) -> list[ports.SystemUser]:
    """People only: an application user administers nothing that a person could be asked about."""
    users = models.SystemUser.objects.filter(
        instance=instance_id,
        disabled=False,
        application_id__isnull=True,
        memberships__role__template_id=ROLE_TEMPLATES[role],
    )
    return [
        ports.SystemUser(user.id, user.full_name, user.email, user.object_id)
        for user in users.order_by("full_name", "id")
    ]


def roles_of(instance_id: UUID, object_id: UUID) -> frozenset[OrganizationRole]:
    held = models.RoleMembership.objects.filter(
        user__instance=instance_id, user__object_id=object_id, user__disabled=False
    )
    templates = held.values_list("role__template_id", flat=True)
    return frozenset(_ROLES[template] for template in templates if template in _ROLES)

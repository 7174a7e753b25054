"""What an administrator changes about an embedded organization itself: whether it lets anybody in, and us."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations.adapters.embedded.admission import APPLICATION_ID, APPLICATION_USER
from organizations.models import Instance, RoleMembership, SecurityRole, SystemUser


def set_administration_mode(*, instance_id: UUID, on: bool) -> bool:
    """While it is on, the organization answers nobody; False if it was so already."""
    state = Instance.State.DISABLED if on else Instance.State.READY
    return Instance.objects.filter(pk=instance_id).exclude(state=state).update(state=state) == 1


def disable_application_user(*, instance_id: UUID) -> bool:
    """Shut the admin center out; False if it was out already."""
    us = SystemUser.objects.filter(instance=instance_id, application_id=APPLICATION_ID, disabled=False)
    return us.update(disabled=True) == 1


@transaction.atomic
def admit_application_user(*, instance_id: UUID) -> None:
    """Let the admin center in: its user exists, is enabled and is System Administrator after this."""
    user, _ = SystemUser.objects.update_or_create(
        instance_id=instance_id,
        application_id=APPLICATION_ID,
        defaults={"disabled": False},
        create_defaults={"full_name": APPLICATION_USER},
    )
    role, _ = SecurityRole.objects.get_or_create(
        instance_id=instance_id,
        template_id=ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR],
        defaults={"name": "System Administrator"},
    )
    RoleMembership.objects.get_or_create(user=user, role=role)

"""What an administrator changes about an embedded organization itself: whether it lets anybody in, and us."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts import audit
from accounts.audit import Verb
from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations import trail
from organizations.adapters.embedded.admission import APPLICATION_ID, APPLICATION_USER
from organizations.models import Instance, RoleMembership, SecurityRole, SystemUser


@transaction.atomic
def set_administration_mode(*, instance_id: UUID, on: bool) -> bool:
    """While it is on, the organization answers nobody; False if it was so already."""
    state = Instance.State.DISABLED if on else Instance.State.READY
    instance = (
        Instance.objects.select_for_update(no_key=True).exclude(state=state).filter(pk=instance_id).first()
    )
    if instance is None:
        return False
    before, instance.state = {"state": instance.state}, state
    instance.save(update_fields=["state"])
    subject = trail.subject(instance)
    return audit.changed(
        Verb.SWITCH_ADMINISTRATION_MODE, subject=subject, before=before, after={"state": state.value}
    )


@transaction.atomic
def disable_application_user(*, instance_id: UUID) -> bool:
    """Shut the admin center out; False if it was out already."""
    us = SystemUser.objects.filter(instance=instance_id, application_id=APPLICATION_ID, disabled=False)
    if us.update(disabled=True) == 0:
        return False
    trail.access(instance_id, before=True, after=False)
    return True


@transaction.atomic
def admit_application_user(*, instance_id: UUID) -> None:
    """Let the admin center in: its user exists, is enabled and is System Administrator after this."""
    us = SystemUser.objects.filter(instance=instance_id, application_id=APPLICATION_ID)
    before = us.filter(
        disabled=False, memberships__role__template_id=ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR]
    ).exists()
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
    trail.access(instance_id, before=before, after=True)

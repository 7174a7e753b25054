"""A small organization for tests: English, with German enabled and French available; two people and us."""

from __future__ import annotations

from uuid import UUID, uuid4

from accounts.models import User
from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations import administration
from organizations.models import Instance, Language, RoleMembership, SecurityRole, SystemUser

ENGLISH, GERMAN, FRENCH = 1033, 1031, 1036


def make_instance(name: str = "Fabrikam") -> Instance:
    """An instance that lets us in, with the two roles and nobody in them."""
    instance = Instance.objects.create(
        name=name,
        url=f"https://{name.lower().replace(' ', '-')}.crm.localhost",
        type=Instance.Type.PRODUCTION,
        version="9.0.2.1034",
        base_language=ENGLISH,
    )
    for lcid in (ENGLISH, GERMAN, FRENCH):
        Language.objects.create(instance=instance, lcid=lcid, enabled=lcid != FRENCH)
    administration.admit_application_user(instance_id=instance.id)
    template = ROLE_TEMPLATES[OrganizationRole.SYSTEM_CUSTOMIZER]
    SecurityRole.objects.create(instance=instance, name="System Customizer", template_id=template)
    return instance


def add_person(
    instance: Instance,
    role: OrganizationRole | None,
    *,
    name: str = "Ann Beebe",
    object_id: UUID | None = None,
) -> SystemUser:
    """A user of the organization, with the role."""
    user = SystemUser.objects.create(
        instance=instance,
        full_name=name,
        email=f"{name.lower().replace(' ', '.')}@fabrikam.example",
        object_id=object_id or uuid4(),
    )
    if role is not None:
        held = SecurityRole.objects.get(instance=instance, template_id=ROLE_TEMPLATES[role])
        RoleMembership.objects.create(user=user, role=held)
    return user


def make_user(instance: Instance, role: OrganizationRole | None, *, name: str = "Ann Beebe") -> User:
    """Somebody who may sign in and holds the role in the instance."""
    user = User.objects.create_user(email=f"{name.split()[0].lower()}@fabrikam.example", display_name=name)
    if role is not None:
        add_person(instance, role, name=name, object_id=user.directory_object_id)
    return user

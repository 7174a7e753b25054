"""The people of the demo, one per role; organizations/demo.toml calls them the same."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.hashers import make_password

from accounts.models import DirectoryRoleAssignment, User
from accounts.roles import DirectoryRole

DOMAIN = "contoso.example"
PEOPLE: dict[str, str] = {
    "global.admin": "Gloria Amani",
    "service.admin": "Sven Aalto",
    "system.admin": "Sylvia Admon",
    "second.admin": "Samir Addo",
    "customizer": "Clara Stein",
    "csr": "Chris Serrano",
    "employee": "Emma Ployhar",
    "customer": "Carlo Ostermann",
    "nobody": "Nora Bodin",
}
_DIRECTORY_ROLES = {
    "global.admin": DirectoryRole.GLOBAL_ADMINISTRATOR,
    "service.admin": DirectoryRole.SERVICE_ADMINISTRATOR,
}


def load_people(*, password: str) -> dict[str, UUID]:
    """Make them all; their directory object ids by the first part of the address.

    An empty password leaves them without one. They share one hash: a slow hash for each would slow the first start.
    """
    encoded = make_password(password or None)
    return {local: _make(local, encoded).directory_object_id for local in PEOPLE}


def set_password(password: str) -> None:
    """From now on this is the password of the demo's people who are there; an empty one changes nothing."""
    people = User.objects.filter(email__in=[f"{local}@{DOMAIN}" for local in PEOPLE])
    first = people.order_by("pk").first()
    if password and first is not None and not first.check_password(password):
        people.update(password=make_password(password))


def _make(local: str, encoded: str) -> User:
    user = User(email=f"{local}@{DOMAIN}", display_name=PEOPLE[local], password=encoded)
    user.save()
    if role := _DIRECTORY_ROLES.get(local):
        DirectoryRoleAssignment.objects.create(user=user, role=role)
    return user

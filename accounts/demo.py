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
    """Make those who are missing; their directory object ids by the first part of the address.

    An empty password leaves new people without one. Another one than the people have replaces theirs, so that
    DEMO_PASSWORD says what works now. All of them share one hash: a slow hash for each would slow every start.
    """
    known = {user.email.partition("@")[0]: user for user in User.objects.filter(email__endswith=f"@{DOMAIN}")}
    first = known.get("global.admin")
    encoded = make_password(password or None)
    if first is not None and (not password or first.check_password(password)):
        encoded = first.password
    elif password:
        User.objects.filter(pk__in=[user.pk for user in known.values()]).update(password=encoded)
    for local in PEOPLE.keys() - known.keys():
        known[local] = _make(local, encoded)
    return {local: known[local].directory_object_id for local in PEOPLE}


def _make(local: str, encoded: str) -> User:
    user = User(email=f"{local}@{DOMAIN}", display_name=PEOPLE[local], password=encoded)
    user.save()
    if role := _DIRECTORY_ROLES.get(local):
        DirectoryRoleAssignment.objects.create(user=user, role=role)
    return user

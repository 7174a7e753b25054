"""The people of the demo, one per role."""

from __future__ import annotations

from uuid import UUID

from accounts.models import DirectoryRoleAssignment, User
from accounts.roles import DirectoryRole

DOMAIN = "contoso.example"
PEOPLE: dict[str, str] = {
    "global.admin": "Avery Howard",
    "service.admin": "Robin Counts",
    "system.admin": "Jordan Miller",
    "second.admin": "Sam Okafor",
    "customizer": "Casey Jensen",
    "csr": "Sharron Reed",
    "employee": "Eli Novak",
    "customer": "Jay Hamlin",
    "nobody": "Noor Patel",
}
_DIRECTORY_ROLES = {
    "global.admin": DirectoryRole.GLOBAL_ADMINISTRATOR,
    "service.admin": DirectoryRole.SERVICE_ADMINISTRATOR,
}


def load_people(*, password: str) -> dict[str, UUID]:
    """Make those who are missing; their directory object ids by the first part of the address.

    An empty password leaves new people without one, and those who are there keep theirs unless it differs from the
    given one (so that DEMO_PASSWORD says what works now).
    """
    ids: dict[str, UUID] = {}
    for local, name in PEOPLE.items():
        user = User.objects.filter(email=f"{local}@{DOMAIN}").first()
        if user is None:
            user = User.objects.create_user(
                email=f"{local}@{DOMAIN}", password=password or None, display_name=name
            )
            if role := _DIRECTORY_ROLES.get(local):
                DirectoryRoleAssignment.objects.create(user=user, role=role)
        elif password and not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        ids[local] = user.directory_object_id
    return ids

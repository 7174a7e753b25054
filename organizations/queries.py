"""What other rooms read about instances. Reads only, and only from our own tables."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations.languages import for_portals
from organizations.models import Instance, Language, RoleMembership

_ROLES = {template: role for role, template in ROLE_TEMPLATES.items()}


class OfferedLanguage(NamedTuple):
    """A language that a portal may have: LCID, English name, its name in itself."""

    lcid: int
    name: str
    native_name: str


def enabled_languages(instance: Instance) -> list[int]:
    """LCIDs enabled in the instance, ascending; its base language always is."""
    rows = Language.objects.filter(instance=instance, enabled=True)
    return sorted({instance.base_language, *rows.values_list("lcid", flat=True)})


def languages_offered(instance: Instance) -> list[OfferedLanguage]:
    """Enabled languages that a portal may have (neither Arabic nor Hebrew), by English name."""
    offered = for_portals(enabled_languages(instance))
    return [OfferedLanguage(info.lcid, info.name, info.native_name) for info in offered]


def organization_roles(object_id: UUID) -> dict[UUID, frozenset[OrganizationRole]]:
    """Roles of a person by instance, in one query; a disabled user has none. The role source of `accounts`."""
    held = RoleMembership.objects.filter(
        user__object_id=object_id, user__disabled=False, role__template_id__in=_ROLES
    )
    roles: dict[UUID, set[OrganizationRole]] = {}
    for instance_id, template in held.values_list("role__instance_id", "role__template_id"):
        if template is not None:
            roles.setdefault(instance_id, set()).add(_ROLES[template])
    return {instance_id: frozenset(found) for instance_id, found in roles.items()}

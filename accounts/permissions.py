"""Who may do what. When it may be done (a portal's phase, a job's state) is decided elsewhere.

The rules are the mission's of 2018: managing a portal takes a Global Administrator, a Dynamics 365 Service
Administrator or a System Administrator of the portal's organization; provisioning takes a System Administrator
of the chosen organization; its Customizers may choose it in the form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.roles import DirectoryRole, OrganizationRole

if TYPE_CHECKING:
    from accounts.models import User

# Roles of a person (a directory object id) by organization (instance id).
RoleSource = Callable[[UUID], Mapping[UUID, frozenset[OrganizationRole]]]
# Forgets what is remembered of a person's roles in one organization, so that the source asks there again.
Forget = Callable[[UUID, UUID], None]

_role_sources: list[RoleSource] = []
_forgetting: list[Forget] = []


def register_role_source(source: RoleSource, *, forget: Forget | None = None) -> None:
    """Called at start-up by the room that knows the organizations. Registering twice counts once.

    forget: of a source that remembers answers from one request to the next.
    """
    if source not in _role_sources:
        _role_sources.append(source)
    if forget is not None and forget not in _forgetting:
        _forgetting.append(forget)


def directory_roles(user: User) -> frozenset[DirectoryRole]:
    """The person's roles in the directory; read once per request (the user object lives as long)."""
    known: frozenset[DirectoryRole] | None = getattr(user, "_directory_roles", None)
    if known is None:
        known = frozenset(DirectoryRole(row.role) for row in user.directory_roles.all())
        user._directory_roles = known  # type: ignore[attr-defined]
    return known


def organization_roles(user: User) -> Mapping[UUID, frozenset[OrganizationRole]]:
    """The person's roles by instance id; read once per request."""
    known: dict[UUID, frozenset[OrganizationRole]] | None = getattr(user, "_organization_roles", None)
    if known is None:
        known = {}
        for source in _role_sources:
            known.update(source(user.directory_object_id))
        user._organization_roles = known  # type: ignore[attr-defined]
    return known


def ask_again(user: User, instance_id: UUID | None) -> None:
    """Before a change: the roles in that organization are asked for anew, not remembered.

    Those whose roles in the directory suffice, which are read in every request anyway, need not wait for it.
    """
    if instance_id is None or is_tenant_administrator(user):
        return
    for forget in _forgetting:
        forget(user.directory_object_id, instance_id)
    if hasattr(user, "_organization_roles"):
        del user._organization_roles


def is_global_administrator(user: User) -> bool:
    return DirectoryRole.GLOBAL_ADMINISTRATOR in directory_roles(user)


def is_tenant_administrator(user: User) -> bool:
    """Global Administrator or Dynamics 365 Service Administrator: manages every portal of the tenant."""
    return bool(directory_roles(user))


def instances_with(user: User, *roles: OrganizationRole) -> set[UUID]:
    """Instances in which the person holds at least one of the roles."""
    return {instance for instance, held in organization_roles(user).items() if held & set(roles)}


def may_administer_instance(user: User, instance_id: UUID) -> bool:
    """Solutions and languages of an instance."""
    return is_tenant_administrator(user) or is_system_administrator(user, instance_id)


def is_system_administrator(user: User, instance_id: UUID) -> bool:
    return OrganizationRole.SYSTEM_ADMINISTRATOR in organization_roles(user).get(instance_id, frozenset())


def visible_instances(user: User) -> set[UUID] | None:
    """Instances that the person may look at; None means all of them."""
    if is_tenant_administrator(user):
        return None
    return instances_with(user, OrganizationRole.SYSTEM_ADMINISTRATOR, OrganizationRole.SYSTEM_CUSTOMIZER)


def instances_to_choose(user: User) -> set[UUID]:
    """Instances that a new portal may be linked to, as far as the form offers them (mission, step 6)."""
    return instances_with(user, OrganizationRole.SYSTEM_ADMINISTRATOR, OrganizationRole.SYSTEM_CUSTOMIZER)


def may_provision(user: User, instance_id: UUID) -> bool:
    """Submit the configuration of a portal for that organization (mission of 2018)."""
    return is_system_administrator(user, instance_id)


def may_manage(user: User, instance_id: UUID | None) -> bool:
    """Open the admin center of a portal of that organization; None is an add-on that has none yet.

    An add-on waits for anyone who could configure it or prepare that.
    """
    if is_tenant_administrator(user):
        return True
    if instance_id is None:
        return bool(instances_to_choose(user))
    return is_system_administrator(user, instance_id)


def may_add_applications(user: User) -> bool:
    """Add a portal add-on, as buying one more subscription would."""
    return is_global_administrator(user)


def may_read_audit(user: User) -> bool:
    """What everybody did, over the whole tenant: for those who manage all of it, support staff among them."""
    return is_tenant_administrator(user)

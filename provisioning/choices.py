"""What the configure form offers to a certain person, as the organization stands now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from accounts import permissions
from accounts.roles import OrganizationRole
from jobs.errors import JobError
from organizations import languages
from organizations.connect import connect
from organizations.models import Instance
from organizations.packages import catalog
from organizations.ports import SystemUser
from provisioning.features import KINDS, KINDS_FOR, Audience, PortalKind

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class KindChoice:
    """A kind of portal; `available` tells whether its packages come with this release."""

    kind: PortalKind
    title: str
    available: bool


@dataclass(frozen=True)
class Choices:
    """`problem` says why the organization's lists are empty; "" when it answered, or none is chosen."""

    instances: list[Instance]
    instance: Instance | None = None
    languages: list[languages.LanguageInfo] = field(default_factory=list)
    administrators: list[SystemUser] = field(default_factory=list)
    kinds: list[KindChoice] = field(default_factory=list)
    problem: str = ""
    may_submit: bool = True


def choices_for(user: User, *, instance: str = "", audience: str = "") -> Choices:
    """Lists for this person; `instance` (its id) and `audience` as they were sent, so perhaps nonsense."""
    instances = list(Instance.objects.filter(pk__in=permissions.instances_to_choose(user)))
    chosen = next((row for row in instances if str(row.id) == instance), None)
    if chosen is None and not instance and len(instances) == 1:
        chosen = instances[0]
    kinds = kinds_for(audience)
    if chosen is None:
        return Choices(instances, kinds=kinds)
    may_submit = permissions.may_provision(user, chosen.id)
    try:
        organization = connect(chosen)
        offered = languages.for_portals(organization.provisioned_languages())
        administrators = organization.users_with_role(OrganizationRole.SYSTEM_ADMINISTRATOR)
    except JobError as error:
        return Choices(instances, chosen, kinds=kinds, problem=error.message, may_submit=may_submit)
    people = [person for person in administrators if person.object_id is not None]
    return Choices(instances, chosen, offered, people, kinds, may_submit=may_submit)


def kinds_for(audience: str) -> list[KindChoice]:
    """Kinds of portals for an audience; none for one that does not exist."""
    if audience not in set(Audience):
        return []
    shipped = set(catalog.friendly_names())
    return [
        KindChoice(kind, f"Dynamics 365 Portals - {KINDS[kind].title}", KINDS[kind].package in shipped)
        for kind in KINDS_FOR[Audience(audience)]
    ]


def administrator(choices: Choices, id: UUID) -> SystemUser | None:
    """That system user, if the form offers it."""
    return next((person for person in choices.administrators if person.id == id), None)

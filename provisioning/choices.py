"""What the configure form offers to a certain person, as the organization stands now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext

from accounts import permissions
from accounts.roles import OrganizationRole
from jobs.errors import JobError
from organizations import languages
from organizations.connect import connect
from organizations.models import Instance
from organizations.packages import catalog, versions
from organizations.ports import SystemUser
from provisioning.features import ADD_ONS, ADD_ONS_FOR, KINDS, KINDS_FOR, AddOn, Audience, PortalKind

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class KindChoice:
    """A kind of portal; `available` tells whether its packages come with this release."""

    kind: PortalKind
    title: str
    available: bool


@dataclass(frozen=True)
class AddOnChoice:
    """An add-on; `missing` names the solutions that the instance lacks for it, "" when nothing is missing."""

    add_on: AddOn
    title: str
    available: bool
    missing: str = ""


@dataclass(frozen=True)
class Choices:
    """`problem` says why the organization's lists are empty; "" when it answered, or none is chosen."""

    instances: list[Instance]
    instance: Instance | None = None
    languages: list[languages.LanguageInfo] = field(default_factory=list)
    administrators: list[SystemUser] = field(default_factory=list)
    kinds: list[KindChoice] = field(default_factory=list)
    add_ons: list[AddOnChoice] = field(default_factory=list)
    problem: str = ""
    may_submit: bool = True


def choices_for(user: User, *, instance: str = "", audience: str = "") -> Choices:
    """Lists for this person; `instance` (its id) and `audience` as they were sent, so perhaps nonsense."""
    instances = list(Instance.objects.filter(pk__in=permissions.instances_to_choose(user)))
    chosen = next((row for row in instances if str(row.id) == instance), None)
    if chosen is None and not instance and len(instances) == 1:
        chosen = instances[0]
    kinds = kinds_for(audience)
    offered_add_ons = add_ons_for(kinds, installed={})
    if chosen is None:
        return Choices(instances, kinds=kinds, add_ons=offered_add_ons)
    may_submit = permissions.may_provision(user, chosen.id)
    try:
        organization = connect(chosen)
        offered = languages.for_portals(organization.provisioned_languages())
        administrators = organization.users_with_role(OrganizationRole.SYSTEM_ADMINISTRATOR)
        if offered_add_ons:
            installed = {solution.unique_name: solution.version for solution in organization.solutions()}
            offered_add_ons = add_ons_for(kinds, installed=installed)
    except JobError as error:
        unknown = Choices(instances, chosen, kinds=kinds, add_ons=offered_add_ons)
        return replace(unknown, problem=error.message, may_submit=may_submit)
    people = [person for person in administrators if person.object_id is not None]
    return Choices(instances, chosen, offered, people, kinds, offered_add_ons, may_submit=may_submit)


def kinds_for(audience: str) -> list[KindChoice]:
    """Kinds of portals for an audience; none for one that does not exist."""
    if audience not in set(Audience):
        return []
    shipped = set(catalog.friendly_names())
    return [
        KindChoice(
            kind,
            gettext("Dynamics 365 Portals - %(kind)s") % {"kind": gettext(KINDS[kind].title)},
            KINDS[kind].package in shipped,
        )
        for kind in KINDS_FOR[Audience(audience)]
    ]


def add_ons_for(kinds: list[KindChoice], *, installed: Mapping[str, str]) -> list[AddOnChoice]:
    """Add-ons of the kinds that are offered; `installed` holds versions by the solution's unique name.

    What the portal's own package brings is not missing: it is installed first.
    """
    shipped = set(catalog.friendly_names())
    return [
        AddOnChoice(
            add_on,
            gettext(ADD_ONS[add_on].title),
            ADD_ONS[add_on].package in shipped,
            _missing(ADD_ONS[add_on].package, KINDS[choice.kind].package, installed),
        )
        for choice in kinds
        for add_on in ADD_ONS_FOR.get(choice.kind, ())
    ]


def _missing(package: str, brought_by: str, installed: Mapping[str, str]) -> str:
    if package not in catalog.friendly_names():
        return ""
    names = catalog.friendly_names()
    absent = [
        f"{names.get(required.unique_name, required.unique_name)} {required.version}"
        for required in catalog.find(package).requires
        if required.unique_name != brought_by
        and (
            required.unique_name not in installed
            or versions.older(installed[required.unique_name], required.version)
        )
    ]
    return ", ".join(absent)


def administrator(choices: Choices, id: UUID) -> SystemUser | None:
    """That system user, if the form offers it."""
    return next((person for person in choices.administrators if person.id == id), None)

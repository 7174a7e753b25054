"""What a security role lets one do through the Web API. Pure.

Dataverse knows a privilege for each right to each table ("prvReadAccount") and some of their own. System Administrators
hold all of them; System Customizers read everything and change what portals are made of, solutions and languages; any
other role works with the customers' records.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations.facade.definitions import entities

RIGHTS = ("Create", "Read", "Write", "Delete")
IMPORT = "prvImportCustomization"
PUBLISH = "prvPublishCustomization"
LANGUAGES = "prvLanguageSettings"
READ_USERS, READ_ROLES = "prvReadUser", "prvReadRole"
READ_SOLUTIONS = "prvReadSolution"
_SYSTEM = (IMPORT, PUBLISH, LANGUAGES, READ_USERS, READ_ROLES, READ_SOLUTIONS)

_BUSINESS = frozenset({"account", "contact", "incident", "annotation", "opportunity", "feedback"})


@dataclass(frozen=True)
class Privileges:
    """The names of all that somebody holds, and how many roles they come from."""

    names: frozenset[str]
    roles: int = 0

    def holds(self, name: str) -> bool:
        return name in self.names


def on(entity: str, right: str) -> str:
    """The privilege to do that with a table's records: "prvReadaccount" as Dataverse spells it for `account`."""
    return f"prv{right}{entity}"


def all_names() -> frozenset[str]:
    return frozenset(_SYSTEM) | {on(entity, right) for entity in entities() for right in RIGHTS}


def granted(templates: Iterable[UUID | None]) -> Privileges:
    """By the templates of the roles that are held; None is a role of the organization's own."""
    held = list(templates)
    names: set[str] = set()
    for template in held:
        names |= _of_role(template)
    return Privileges(frozenset(names), len(held))


def _of_role(template: UUID | None) -> frozenset[str]:
    if template == ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR]:
        return all_names()
    if template == ROLE_TEMPLATES[OrganizationRole.SYSTEM_CUSTOMIZER]:
        reading = {on(entity, "Read") for entity in entities()}
        changing = {
            on(entity, right) for entity in entities() if entity.startswith("adx_") for right in RIGHTS
        }
        return frozenset(_SYSTEM) | reading | changing
    rights = {on(entity, right) for entity in _BUSINESS for right in ("Create", "Read", "Write")}
    reading = {on(entity, "Read") for entity in ("subject", "product", "knowledgearticle")}
    return frozenset(rights | reading | {READ_USERS})

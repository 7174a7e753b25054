"""Users and roles over the Web API. Roles are known by their template; their names are the organization's own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations.dataverse.session import Session
from organizations.ports import SystemUser

_ROLES = {template: role for role, template in ROLE_TEMPLATES.items()}
_USER = "systemuserid,fullname,internalemailaddress,azureactivedirectoryobjectid"
_PEOPLE = "isdisabled eq false and applicationid eq null"


def users_with_role(session: Session, role: OrganizationRole) -> list[SystemUser]:
    """Directly or through a team. A role has one copy for each business unit."""
    template = ROLE_TEMPLATES[role]
    found = session.rows("roles", {"$select": "roleid", "$filter": f"_roletemplateid_value eq {template}"})
    copies = [f"r/roleid eq {UUID(row['roleid'])}" for row in found]
    if not copies:
        return []
    holds = f"any(r:{' or '.join(copies)})"
    users = _users(session, f"{_PEOPLE} and systemuserroles_association/{holds}")
    for team in session.rows("teams", {"$select": "teamid", "$filter": f"teamroles_association/{holds}"}):
        member = f"teammembership_association/any(t:t/teamid eq {UUID(team['teamid'])})"
        users |= _users(session, f"{_PEOPLE} and {member}")
    return sorted(users.values(), key=lambda user: (user.full_name, str(user.id)))


def _users(session: Session, condition: str) -> dict[UUID, SystemUser]:
    rows = session.rows("systemusers", {"$select": _USER, "$filter": condition, "$orderby": "fullname"})
    return {user.id: user for user in map(_user, rows)}


def _user(row: Mapping[str, Any]) -> SystemUser:
    object_id = row.get("azureactivedirectoryobjectid")
    return SystemUser(
        UUID(row["systemuserid"]),
        row.get("fullname") or "",
        row.get("internalemailaddress") or "",
        UUID(object_id) if object_id else None,
    )


def roles_of(session: Session, object_id: UUID) -> frozenset[OrganizationRole]:
    condition = f"azureactivedirectoryobjectid eq {object_id} and isdisabled eq false"
    roles: set[OrganizationRole] = set()
    for user in session.rows("systemusers", {"$select": "systemuserid", "$filter": condition}):
        path = f"systemusers({UUID(user['systemuserid'])})"
        roles |= _held(session.rows(f"{path}/systemuserroles_association", _TEMPLATE))
        for team in session.rows(f"{path}/teammembership_association", {"$select": "teamid"}):
            roles |= _held(session.rows(f"teams({UUID(team['teamid'])})/teamroles_association", _TEMPLATE))
    return frozenset(roles)


_TEMPLATE = {"$select": "roleid,_roletemplateid_value"}


def _held(rows: Iterable[Mapping[str, Any]]) -> set[OrganizationRole]:
    templates = {UUID(row["_roletemplateid_value"]) for row in rows if row.get("_roletemplateid_value")}
    return {_ROLES[template] for template in templates if template in _ROLES}

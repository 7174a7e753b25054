"""What an organization has few of, as rows: users, roles, teams, solutions, operations, itself.

They are read from the embedded organization's tables when a request asks, and filtered in memory.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from organizations import models
from organizations.adapters.embedded import languages
from organizations.facade import privileges
from organizations.facade.callers import Caller
from organizations.facade.odata.evaluation import Row
from organizations.facade.odata.faults import no_property
from organizations.facade.records import moment
from organizations.ports import OperationState

# An asynchronous operation and its import job are two things to a client; here they are one row.
_OTHER_SIDE = 0x5D8E4B2F_9C31_4F7A_8E60_1B7D3C9A2F54

# statecode, statuscode
_STATES = {
    OperationState.READY: (0, 0),
    OperationState.IN_PROGRESS: (2, 20),
    OperationState.SUCCEEDED: (3, 30),
    OperationState.FAILED: (3, 31),
}


def other_side(operation_id: UUID) -> UUID:
    """The id of an import's asynchronous operation from that of its import job, and the other way round."""
    return UUID(int=operation_id.int ^ _OTHER_SIDE)


def business_unit(organization_id: UUID) -> UUID:
    """The organization has one business unit, its root."""
    return uuid.uuid5(organization_id, "business unit")


@dataclass(frozen=True)
class Table:
    """One entity set. `collections` lead to the table of that name; `privilege` is what reading takes."""

    set_name: str
    entity: str
    primary_id: str
    privilege: str = ""
    collections: Mapping[str, str] = field(default_factory=dict)


TABLES: Mapping[str, Table] = {
    table.set_name: table
    for table in (
        Table(
            "systemusers",
            "systemuser",
            "systemuserid",
            privileges.READ_USERS,
            {"systemuserroles_association": "roles", "teammembership_association": "teams"},
        ),
        Table(
            "roles", "role", "roleid", privileges.READ_ROLES, {"systemuserroles_association": "systemusers"}
        ),
        Table("teams", "team", "teamid", privileges.READ_USERS, {"teamroles_association": "roles"}),
        Table("businessunits", "businessunit", "businessunitid"),
        Table("organizations", "organization", "organizationid"),
        Table("solutions", "solution", "solutionid", privileges.READ_SOLUTIONS),
        Table("asyncoperations", "asyncoperation", "asyncoperationid", privileges.READ_SOLUTIONS),
        Table("importjobs", "importjob", "importjobid", privileges.READ_SOLUTIONS),
        Table("usersettingscollection", "usersettings", "systemuserid", privileges.READ_USERS),
    )
}


class Rows:
    """The rows of all tables of one organization, each read once, when it is first asked for."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._instance = caller.instance

    def of(self, set_name: str) -> Sequence[Row]:
        rows: Sequence[Row] = getattr(self, set_name)
        return rows

    def follow(self, table: Table, row: Row, navigation: str) -> Sequence[Row]:
        """Rows that a collection of this row leads to. Raises Fault for an unknown one, or without the right to it."""
        if navigation not in table.collections:
            raise no_property(navigation, table.entity)
        if privilege := TABLES[table.collections[navigation]].privilege:
            self._caller.require(privilege)
        key = row[table.primary_id]
        match table.set_name, navigation:
            case "systemusers", "systemuserroles_association":
                return [role for role in self.roles if (key, role["roleid"]) in self._memberships]
            case "roles", "systemuserroles_association":
                return [user for user in self.systemusers if (user["systemuserid"], key) in self._memberships]
        return []

    @cached_property
    def _memberships(self) -> set[tuple[str, str]]:
        held = models.RoleMembership.objects.filter(role__instance=self._instance)
        return {(str(user), str(_role_id(role))) for user, role in held.values_list("user_id", "role_id")}

    @cached_property
    def systemusers(self) -> list[Row]:
        return [
            {
                "systemuserid": str(user.id),
                "fullname": user.full_name,
                "internalemailaddress": user.email or None,
                "domainname": user.email or None,
                "azureactivedirectoryobjectid": _text(user.object_id),
                "applicationid": _text(user.application_id),
                "isdisabled": user.disabled,
                "_businessunitid_value": self._business_unit,
            }
            for user in models.SystemUser.objects.filter(instance=self._instance).order_by("id")
        ]

    @cached_property
    def roles(self) -> list[Row]:
        return [
            {
                "roleid": str(_role_id(role.pk)),
                "name": role.name,
                "_roletemplateid_value": _text(role.template_id),
                "_businessunitid_value": self._business_unit,
            }
            for role in models.SecurityRole.objects.filter(instance=self._instance).order_by("name")
        ]

    @cached_property
    def teams(self) -> list[Row]:
        """An embedded organization has no teams: its roles are given to people."""
        return []

    @cached_property
    def businessunits(self) -> list[Row]:
        return [
            {
                "businessunitid": self._business_unit,
                "name": self._instance.name,
                "_parentbusinessunitid_value": None,
            }
        ]

    @cached_property
    def organizations(self) -> list[Row]:
        return [
            {
                "organizationid": str(self._instance.organization_id),
                "name": self._instance.name,
                "languagecode": self._instance.base_language,
                "isdisabled": False,
            }
        ]

    @cached_property
    def solutions(self) -> list[Row]:
        return [
            {
                "solutionid": str(solution.id),
                "uniquename": solution.unique_name,
                "friendlyname": solution.friendly_name,
                "version": solution.version,
                "ismanaged": True,
                "isvisible": True,
                "installedon": moment(solution.installed_at),
            }
            for solution in models.Solution.objects.filter(instance=self._instance).order_by("unique_name")
        ]

    @cached_property
    def _operations(self) -> list[models.AsyncOperation]:
        return list(models.AsyncOperation.objects.filter(instance=self._instance).order_by("pk"))

    @cached_property
    def asyncoperations(self) -> list[Row]:
        return [operation_row(operation) for operation in self._operations]

    @cached_property
    def importjobs(self) -> list[Row]:
        return [job_row(operation) for operation in self._operations]

    @cached_property
    def usersettingscollection(self) -> list[Row]:
        """The default language is the organization's: it holds for each of its users."""
        base = self._instance.base_language
        default = languages.default(self._instance.id, base)
        return [
            {"systemuserid": user["systemuserid"], "uilanguageid": 0 if default == base else default}
            for user in self.systemusers
        ]

    @property
    def _business_unit(self) -> str:
        return str(business_unit(self._instance.organization_id))


def operation_row(operation: models.AsyncOperation) -> Row:
    """An import as its asynchronous operation."""
    state, status = _STATES[OperationState(operation.state)]
    return {
        "asyncoperationid": str(other_side(operation.operation_id)),
        "name": operation.solution,
        "statecode": state,
        "statuscode": status,
        "message": operation.message or None,
        "friendlymessage": operation.message or None,
        "errorcode": None if not operation.error_code else error_number(operation.error_code),
        "createdon": moment(operation.created_at),
        "completedon": moment(operation.finished_at) if operation.finished_at else None,
    }


def job_row(operation: models.AsyncOperation) -> Row:
    """The same as its import job."""
    return {
        "importjobid": str(operation.operation_id),
        "solutionname": operation.solution,
        "progress": float(operation.progress),
        "startedon": moment(operation.created_at),
        "completedon": moment(operation.finished_at) if operation.finished_at else None,
    }


# HRESULTs as signed numbers, as `asyncoperation.errorcode` has them.
_NUMBERS = {"missing_dependency": 0x8004801D, "older_version": 0x80048044, "bad_package": 0x80048060}


def error_number(code: str) -> int:
    return _NUMBERS.get(code, 0x80040216) - 2**32


def _role_id(pk: int) -> UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"role:{pk}")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)

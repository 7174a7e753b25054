"""What the Web API answers instead of a result. Pure.

Codes are Dataverse's ("Web service error codes"): hexadecimal HRESULTs as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

QUERY = "0x80060888"  # whatever is wrong with an address or a query option
PAYLOAD = "0x80048d19"
NO_SUCH_RECORD = "0x80040217"
NO_PRIVILEGE = "0x80040220"
USER_DISABLED = "0x80040225"
DUPLICATE = "0x80040237"
INVALID_ARGUMENT = "0x80040203"
NOT_IN_ORGANIZATION = "0x80072560"
NO_ROLES = "0x80042f09"
VERSION_MISMATCH = "0x80060882"
MISSING_DEPENDENCIES = "0x8004801d"
BAD_PACKAGE = "0x80048060"
ORGANIZATION_DISABLED = "0x8004a104"
CUSTOMIZATION_LOCKED = "0x80071151"
SQL_TIMEOUT = "0x80044151"
UNEXPECTED = "0x80040216"


@dataclass
class Fault(Exception):
    """`status` is the HTTP status; `code` one of the above."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message


def bad_query(message: str) -> Fault:
    return Fault(400, QUERY, message)


def bad_payload(message: str) -> Fault:
    return Fault(400, PAYLOAD, f"Error identified in Payload provided by the user: {message}")


def no_segment(name: str) -> Fault:
    return Fault(404, QUERY, f"Resource not found for the segment '{name[:100]}'.")


def no_property(name: str, entity: str) -> Fault:
    return bad_query(
        f"Could not find a property named '{name[:100]}' on type 'Microsoft.Dynamics.CRM.{entity}'."
    )


def no_record(entity: str, key: str) -> Fault:
    return Fault(404, NO_SUCH_RECORD, f"Entity '{entity}' With Id = {key[:200]} Does Not Exist")

"""Tables: the instances of the tenant, and the embedded organization behind each of them."""

from organizations.models.connection import Connection, RemoteOperation
from organizations.models.installation import SolutionInstall
from organizations.models.instance import Instance
from organizations.models.label import Label
from organizations.models.language import Language
from organizations.models.operation import AsyncOperation, StagedLabel
from organizations.models.package import KeptPackage, UploadedPackage
from organizations.models.people import RoleMembership, SecurityRole, SystemUser
from organizations.models.record import Record
from organizations.models.solution import Solution

__all__ = [
    "AsyncOperation",
    "Connection",
    "Instance",
    "KeptPackage",
    "Label",
    "Language",
    "Record",
    "RemoteOperation",
    "RoleMembership",
    "SecurityRole",
    "Solution",
    "SolutionInstall",
    "StagedLabel",
    "SystemUser",
    "UploadedPackage",
]

"""What the admin center must be allowed to do in an organization, tried one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from accounts.words import N_
from jobs.errors import JobError
from organizations.dataverse.session import TOKENS, Access, Session
from organizations.ports import Unavailable

IMPORT, PUBLISH, LANGUAGES = "prvimportcustomization", "prvpublishcustomization", "prvlanguagesettings"
_RECORDS = tuple(f"prv{right}contact" for right in ("create", "read", "write", "delete"))


@dataclass(frozen=True)
class Finding:
    """One right by its short name; `ok` None was not tried, since an earlier one failed. `message` is English."""

    right: str
    ok: bool | None
    message: str = ""


TITLES = {
    "token": N_("The directory gives the application a token"),
    "let-in": N_("The organization lets the application in"),
    "identity": N_("It is the organization that this instance stands for"),
    "languages": N_("Read the languages that are enabled"),
    "users": N_("Read users and their security roles"),
    "administrator": N_("The application user is System Administrator"),
    "solutions": N_("Read the installed solutions"),
    "import": N_("Import solutions and translations"),
    "publish": N_("Publish customizations"),
    "change-languages": N_("Enable and disable languages"),
    "records": N_("Create, read, change and delete records"),
}


class _Missing(JobError):
    """The organization answers, and the right is not there."""


def check(access: Access, *, organization_id: UUID | None) -> list[Finding]:
    """Every right in the order of `TITLES`. What is tried waits for at most some seconds; after the first that nobody
    answers, the rest is not tried. `organization_id` is whose it should be; None if that is not known yet.
    """
    session = Session(access)
    trial = _Trial(session, organization_id)
    findings: list[Finding] = []
    over = False
    for right in TITLES:
        if over:
            findings.append(Finding(right, None))
            continue
        try:
            trial.steps[right]()
        except JobError as error:
            findings.append(Finding(right, False, error.message))
            over = right in ("token", "let-in", "identity") or isinstance(error, Unavailable)
        except (KeyError, ValueError, TypeError):
            findings.append(Finding(right, False, "The organization answered in a way that makes no sense."))
            over = right in ("token", "let-in")
        else:
            findings.append(Finding(right, True))
    return findings


class _Trial:
    """What was found so far, since later rights are seen in earlier answers."""

    def __init__(self, session: Session, organization_id: UUID | None) -> None:
        self._session = session
        self._expected = organization_id
        self._me: dict[str, Any] = {}
        self._privileges: frozenset[str] | None = None
        self.steps: dict[str, Callable[[], None]] = {
            "token": self._token,
            "let-in": self._let_in,
            "identity": self._identity,
            "languages": lambda: self._read("RetrieveProvisionedLanguages"),
            "users": self._users,
            "administrator": self._administrator,
            "solutions": lambda: self._read("solutions", "uniquename"),
            "import": lambda: self._holds(IMPORT),
            "publish": lambda: self._holds(PUBLISH),
            "change-languages": lambda: self._holds(LANGUAGES),
            "records": lambda: self._holds(*_RECORDS),
        }

    def _token(self) -> None:
        TOKENS.forget(self._session.access)  # a token from before proves nothing about the secret
        TOKENS.get(self._session.access)

    def _let_in(self) -> None:
        self._me = self._session.get("WhoAmI")

    def _identity(self) -> None:
        if self._expected is not None and UUID(self._me["OrganizationId"]) != self._expected:
            raise _Missing("Another organization answers at this address.")

    def _read(self, path: str, select: str = "") -> None:
        self._session.get(path, {"$select": select, "$top": "1"} if select else None)

    def _users(self) -> None:
        self._read("systemusers", "systemuserid")
        self._read("roles", "roleid")

    def _administrator(self) -> None:
        rows = self._session.rows(
            f"systemusers({UUID(self._me['UserId'])})/systemuserroles_association",
            {"$select": "_roletemplateid_value"},
        )
        wanted = str(ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR])
        if not any(str(row.get("_roletemplateid_value")).lower() == wanted for row in rows):
            raise _Missing("Give the application user the security role System Administrator.")

    def _holds(self, *names: str) -> None:
        if self._privileges is None:
            path = f"systemusers({UUID(self._me['UserId'])})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()"
            rows = self._session.get(path)["RolePrivileges"]
            self._privileges = frozenset(str(row["PrivilegeName"]).lower() for row in rows)
        missing = [name for name in names if name not in self._privileges]
        if missing:
            raise _Missing(f"The application user lacks: {', '.join(missing)}.")

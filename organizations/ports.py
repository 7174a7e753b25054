"""The organization port: what the admin center and the portals need of a Dynamics 365 organization.

The docstrings are the specification. Every adapter passes `tests/contracts/organization.py`. Method names
follow the Dataverse Web API, entity and attribute names are Dataverse's logical names (`adx_webpage`).
Pure: neither Django nor Celery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from accounts.roles import OrganizationRole
from jobs.errors import Blocked, Permanent, Transient

Attributes = Mapping[str, Any]


class NotFound(Permanent):
    """There is no such thing in the organization."""

    code = "not_found"


class Denied(Blocked):
    """The organization refuses us or the person we act for (401, 403)."""

    code = "organization_denied"


class Throttled(Transient):
    """Too many requests (429); `retry_after` seconds are asked for."""

    code = "organization_throttled"


class Unavailable(Transient):
    """The organization cannot be reached, or answers 5xx."""

    code = "organization_unavailable"


class Rejected(Permanent):
    """The organization understood the request and says no; `code` and the message are its own."""

    code = "organization_rejected"


class OperationState(StrEnum):
    """State of an asynchronous operation (`asyncoperation.statecode`/`statuscode`)."""

    READY = "ready"
    IN_PROGRESS = "in-progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def finished(self) -> bool:
        return self in (OperationState.SUCCEEDED, OperationState.FAILED)


@dataclass(frozen=True)
class Identity:
    """Who we are to the organization (`WhoAmI`)."""

    organization_id: UUID
    user_id: UUID


@dataclass(frozen=True)
class SystemUser:
    """A person of the organization; `object_id` is the same person's id in the directory."""

    id: UUID
    full_name: str
    email: str
    object_id: UUID | None


@dataclass(frozen=True)
class InstalledSolution:
    """A solution in the organization. `version` is four numbers: "9.0.0.1"."""

    unique_name: str
    friendly_name: str
    version: str


@dataclass(frozen=True)
class Staged:
    """The verdict on a package before it is imported (`StageSolution`).

    `missing` holds one line per prerequisite that is absent or too old, "Portal Base 9.0.0.0" style;
    `problems` holds the organization's own objections. Both empty: it can be imported.
    """

    unique_name: str
    version: str
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelChanges:
    """What an import did with the labels that the file has in one language (an LCID); the sum is all of them.

    added: were not there. changed: read otherwise before. unchanged: were there already. kept: a person's own text
    stands above it, and stays. skipped: the language is not enabled, so they were left out.
    """

    lcid: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class Operation:
    """An import that the organization works on. `progress` is 0–100; `message` and `error_code` are its own
    words when it failed, and empty otherwise. `component` is what it works on now: the solution's unique name at
    first and at the end, then names of its parts, as far as the organization tells (Dataverse does not).
    `labels` is by ascending LCID once it succeeded; empty where the organization does not count (Dataverse).
    """

    id: UUID
    state: OperationState
    progress: int = 0
    component: str = ""
    message: str = ""
    error_code: str = ""
    labels: tuple[LabelChanges, ...] = ()


@dataclass(frozen=True)
class Record:
    """One row of an entity; `attributes` never holds the id. `version` grows with every change."""

    entity: str
    id: UUID
    attributes: Attributes
    version: int


@dataclass(frozen=True)
class Condition:
    """One condition of a query: `operator` is eq, ne, gt, ge, lt, le, in, contains or startswith.

    A missing attribute counts as None; `eq None` and `ne None` ask for that, and `ne` of a value matches it, too.
    Comparisons of order never match None, and compare a number with numbers, a text with texts only. `contains`
    and `startswith` look at texts and disregard case. `in` takes a list of values.
    """

    attribute: str
    operator: str
    value: Any


@dataclass(frozen=True)
class Query:
    """Records of `entity` that meet all of `where`, ordered (`-name` for descending; then by id), at most
    `top`. `"id"` may be asked for like an attribute. Records without a value come first, last when descending.
    """

    entity: str
    where: Sequence[Condition] = ()
    order: Sequence[str] = ()
    top: int | None = None


class Organization(Protocol):
    """One organization, seen by the application user of the admin center.

    Every method may raise Unavailable (nobody answers), Denied (we are not let in) and Throttled.
    Values of attributes are JSON: text, number, bool, None, and lists and mappings of those. Ids and times may be
    given as UUID and datetime; they come back as text (a time as ISO 8601 in UTC, "2026-01-31T08:00:00Z").
    Anything else is Rejected(code="bad_value").
    """

    def who_am_i(self) -> Identity:
        """Cheap proof that the organization answers and lets us in."""

    def provisioned_languages(self) -> list[int]:
        """LCIDs enabled now, ascending. The base language is always among them."""

    def base_language(self) -> int:
        """LCID of the language that the organization was made with. It never changes, and is always enabled."""

    def available_languages(self) -> list[int]:
        """LCIDs that are enabled or could be, ascending (`RetrieveAvailableLanguages`)."""

    def enable_language(self, lcid: int) -> None:
        """Enable one of the available languages (`ProvisionLanguage`); one that is enabled already is fine.

        It brings no labels of solutions: those come when the solutions are imported again. What people wrote in that
        language before it was disabled is there again. Raises Rejected(code="language_unavailable").
        """

    def disable_language(self, lcid: int) -> None:
        """The other way (`DeprovisionLanguage`); one that is not enabled is fine. People's own texts are kept.

        Raises Rejected: code "base_language" for the base language, "default_language" for the default one.
        """

    def default_language(self) -> int:
        """LCID in which the organization names things to us: the base language until another one is set
        (`usersettings.uilanguageid` of our application user, whose 0 means the base language).
        """

    def set_default_language(self, lcid: int) -> None:
        """Raises Rejected(code="language_disabled") for a language that is not enabled."""

    def users_with_role(self, role: OrganizationRole) -> list[SystemUser]:
        """Enabled people who hold the role, by full name; application users are left out."""

    def roles_of(self, object_id: UUID) -> frozenset[OrganizationRole]:
        """Roles of the person with that directory object id; empty for a stranger or a disabled user."""

    def solutions(self) -> list[InstalledSolution]:
        """What is installed, by unique name."""

    def stage_solution(self, package: bytes) -> Staged:
        """Judge a package without changing anything. Raises Rejected(code="bad_package") if it is unreadable."""

    def import_solution(self, package: bytes, *, operation_id: UUID) -> Operation:
        """Start to import a package; the caller names the operation.

        Calling again with the same `operation_id` starts nothing: it returns the operation as it stands (or
        goes on with one that was interrupted). The embedded organization works only while it is called, a part of a
        large import with each call; so whoever sees `progress` grow between two calls may call again at once.
        One that has ended stays as it ended: whoever tries a failed
        import again names a new operation. An import is whole or not at all, and one organization does one
        after the other. Labels are written for the enabled languages only, into the managed layer of this
        solution; the unmanaged layer is never touched. The same version may be imported again, which refreshes
        its labels; a lower one fails ("older_version"). A base language that the package lacks gets the texts
        of the package's own base language. The solution is named in the default language, if the package knows it.
        A prerequisite that is absent or too old: the operation fails, naming it ("missing_dependency").
        Raises Rejected(code="bad_package") if the package is unreadable; then there is no operation.
        """

    def import_translations(self, file: bytes, *, operation_id: UUID) -> Operation:
        """Start to import a translation file (`ImportTranslationAsync`): a zip with a CrmTranslations.xml of the form
        that `organizations.packages.translations` reads. Its texts become people's own: they go into the unmanaged
        layer, over what stands there. Languages that are not enabled are skipped. Whole or not at all; the same
        `operation_id` starts nothing new, as with `import_solution`.
        Raises Rejected(code="bad_translations") if the file is unreadable; then there is no operation.
        """

    def operation(self, operation_id: UUID) -> Operation:
        """How an import stands. Raises NotFound."""

    def labels(self, component: str, lcid: int) -> dict[str, str]:
        """Texts of a component by column, in one language; per column the top layer wins: unmanaged first, then
        the solution installed last (importing it again does not move it). Columns without a text in that
        language are left out.
        """

    def query(self, query: Query) -> list[Record]:
        """Records that match, in order. Raises Rejected(code="bad_query") for an unknown operator."""

    def query_many(self, queries: Sequence[Query]) -> list[list[Record]]:
        """Answers of several queries, in their order, for the price of one request (`$batch`).

        They are not one snapshot. Raises what `query` raises for any of them.
        """

    def get(self, entity: str, id: UUID) -> Record:
        """One record. Raises NotFound."""

    def create(self, entity: str, attributes: Attributes, *, id: UUID | None = None) -> Record:
        """Make a record. Raises Rejected(code="duplicate") if the id is taken."""

    def update(self, entity: str, id: UUID, attributes: Attributes) -> Record:
        """Set the given attributes and leave the others (None removes one). Raises NotFound."""

    def upsert(self, entity: str, id: UUID, attributes: Attributes) -> Record:
        """Create the record, or update it if it is there. The same call twice changes nothing the second time,
        its version included.
        """

    def upsert_many(self, records: Sequence[tuple[str, UUID, Attributes]]) -> int:
        """`upsert` for many records at once ((entity, id, attributes) each), all or none; how many were given."""

    def delete(self, entity: str, id: UUID) -> None:
        """Remove a record; removing one that is gone is fine."""

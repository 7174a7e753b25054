"""The port over the Web API: each call is done by the module of its noun."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from accounts.roles import OrganizationRole
from organizations import ports
from organizations.dataverse import imports, people
from organizations.dataverse import records as rows
from organizations.dataverse.batches import Request
from organizations.dataverse.sense import sensible
from organizations.dataverse.session import Access, Session, text
from organizations.languages import language
from organizations.packages import catalog, reader, verdict
from organizations.packages.package import Package
from organizations.ports import Attributes, NotFound, Rejected

_LABELS = {
    "DisplayName": "LocalizedName",
    "DisplayCollectionName": "LocalizedCollectionName",
    "Description": "Description",
}
_TRANSLATIONS = "CrmTranslations.xml"


@sensible
class DataverseOrganization:
    """`organizations.ports.Organization` for an organization somewhere else. `instance_id` names our row of it."""

    def __init__(self, instance_id: UUID, access: Access) -> None:
        self._id = instance_id
        self._session = Session(access)

    def who_am_i(self) -> ports.Identity:
        found = self._session.get("WhoAmI")
        return ports.Identity(UUID(found["OrganizationId"]), UUID(found["UserId"]))

    # --- languages ------------------------------------------------------------------------------------------

    def provisioned_languages(self) -> list[int]:
        found = self._session.get("RetrieveProvisionedLanguages")
        return sorted(found["RetrieveProvisionedLanguages"])

    def base_language(self) -> int:
        rows = list(self._session.rows("organizations", {"$select": "languagecode"}))
        return int(rows[0]["languagecode"])

    def available_languages(self) -> list[int]:
        return sorted(self._session.get("RetrieveAvailableLanguages")["LocaleIds"])

    def enable_language(self, lcid: int) -> None:
        if lcid in self.provisioned_languages():
            return
        if lcid not in self.available_languages():
            name = language(lcid).name
            raise Rejected(
                f"{name} is not among the languages of this organization.", code="language_unavailable"
            )
        self._session.post("ProvisionLanguage", {"Language": lcid}, long=True)

    def disable_language(self, lcid: int) -> None:
        name = language(lcid).name
        if lcid == self.base_language():
            said = f"{name} is the base language of this organization and cannot be disabled."
            raise Rejected(said, code="base_language")
        if lcid == self.default_language():
            said = f"{name} is the default language of this organization. Choose another default first."
            raise Rejected(said, code="default_language")
        if lcid in self.provisioned_languages():
            self._session.post("DeprovisionLanguage", {"Language": lcid}, long=True)

    def default_language(self) -> int:
        settings = self._session.get(self._settings(), {"$select": "uilanguageid"})
        return int(settings.get("uilanguageid") or 0) or self.base_language()

    def set_default_language(self, lcid: int) -> None:
        if lcid not in self.provisioned_languages():
            said = f"{language(lcid).name} is not enabled in this organization."
            raise Rejected(said, code="language_disabled")
        self._session.send(
            Request("PATCH", self._settings(), {"uilanguageid": lcid}, {"If-Match": "*", "If-None-Match": ""})
        )

    def _settings(self) -> str:
        return f"usersettingscollection({self.who_am_i().user_id})"

    # --- people ---------------------------------------------------------------------------------------------

    def users_with_role(self, role: OrganizationRole) -> list[ports.SystemUser]:
        return people.users_with_role(self._session, role)

    def roles_of(self, object_id: UUID) -> frozenset[OrganizationRole]:
        return people.roles_of(self._session, object_id)

    # --- solutions ------------------------------------------------------------------------------------------

    def solutions(self) -> list[ports.InstalledSolution]:
        rows = self._session.rows(
            "solutions",
            {"$select": "uniquename,friendlyname,version", "$filter": "isvisible eq true"},
        )
        found = [
            ports.InstalledSolution(
                row["uniquename"], row["friendlyname"] or row["uniquename"], row["version"]
            )
            for row in rows
        ]
        return sorted(found, key=lambda solution: solution.unique_name)

    def stage_solution(self, package: bytes) -> ports.Staged:
        """Prerequisites are named by us, in the words that people know; everything else is the organization's."""
        content = reader.read(package)
        found = self._session.post("StageSolution", {"CustomizationFile": _base64(package)}, long=True)
        results = found.get("StageSolutionResults") or {}
        known, _ = self._judged(content)
        # Ours say it shorter: one line for each solution instead of one for each of its parts.
        others = (
            [_missing(row) for row in results.get("MissingDependencies") or ()] if not known.missing else []
        )
        problems = [
            str(row.get("Message") or "")
            for row in results.get("SolutionValidationResults") or ()
            if row.get("SolutionValidationResultType") in ("Error", 3, "3")
        ]
        problems = [*known.problems, *(text for text in problems if text and text not in known.problems)]
        missing = tuple(dict.fromkeys([*known.missing, *others]))
        return ports.Staged(content.unique_name, content.version, missing, tuple(problems))

    def _judged(self, package: Package) -> tuple[ports.Staged, verdict.Objection | None]:
        installed = {solution.unique_name: solution for solution in self.solutions()}
        return verdict.judge(package, installed, catalog.friendly_names())

    def import_solution(self, package: bytes, *, operation_id: UUID) -> ports.Operation:
        name = reader.read(package).unique_name
        return imports.begin(
            self._id, self._session, "ImportSolutionAsync", "CustomizationFile", package, operation_id, name
        )

    def import_translations(self, file: bytes, *, operation_id: UUID) -> ports.Operation:
        reader.read_translations(file)
        return imports.begin(
            self._id,
            self._session,
            "ImportTranslationAsync",
            "TranslationFile",
            file,
            operation_id,
            _TRANSLATIONS,
        )

    def operation(self, operation_id: UUID) -> ports.Operation:
        return imports.stand(self._id, self._session, operation_id)

    def labels(self, component: str, lcid: int) -> dict[str, str]:
        try:
            found = self._session.get(
                f"EntityDefinitions(LogicalName={text(component)})", {"$select": ",".join(_LABELS)}
            )
        except NotFound:
            return {}
        texts = {column: _in_language(found.get(property), lcid) for property, column in _LABELS.items()}
        return {column: said for column, said in texts.items() if said is not None}

    # --- records --------------------------------------------------------------------------------------------

    def query(self, query: ports.Query) -> list[ports.Record]:
        return rows.find(self._session, query)

    def query_many(self, queries: Sequence[ports.Query]) -> list[list[ports.Record]]:
        return rows.find_many(self._session, queries)

    def get(self, entity: str, id: UUID) -> ports.Record:
        return rows.get(self._session, entity, id)

    def create(self, entity: str, attributes: Attributes, *, id: UUID | None = None) -> ports.Record:
        return rows.create(self._session, entity, attributes, id)

    def update(self, entity: str, id: UUID, attributes: Attributes) -> ports.Record:
        return rows.update(self._session, entity, id, attributes)

    def upsert(self, entity: str, id: UUID, attributes: Attributes) -> ports.Record:
        return rows.upsert(self._session, entity, id, attributes)

    def upsert_many(self, records: Sequence[tuple[str, UUID, Attributes]]) -> int:
        return rows.upsert_many(self._session, records)

    def delete(self, entity: str, id: UUID) -> None:
        rows.delete(self._session, entity, id)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _missing(row: dict[str, Any]) -> str:
    return str(
        row.get("RequiredComponentDisplayName") or row.get("RequiredComponentSchemaName") or "a component"
    )


def _in_language(label: Any, lcid: int) -> str | None:
    for localized in (label or {}).get("LocalizedLabels") or ():
        if localized.get("LanguageCode") == lcid:
            return str(localized.get("Label"))
    return None

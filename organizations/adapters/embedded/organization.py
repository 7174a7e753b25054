"""The port, on our own tables: each call is let in first, then done by the module of its noun."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from accounts.roles import OrganizationRole
from organizations import ports
from organizations.adapters.embedded import imports, labels, languages, people, solutions, translations
from organizations.adapters.embedded import records as rows
from organizations.adapters.embedded.admission import Admission, admit
from organizations.ports import Attributes


class EmbeddedOrganization:
    """`organizations.ports.Organization` for one instance. Cheap to make; keeps nothing between calls."""

    def __init__(self, instance_id: UUID) -> None:
        self._id = instance_id

    def _enter(self) -> Admission:
        return admit(self._id)

    def who_am_i(self) -> ports.Identity:
        entered = self._enter()
        return ports.Identity(entered.organization_id, entered.user_id)

    def provisioned_languages(self) -> list[int]:
        entered = self._enter()
        return languages.enabled(self._id, entered.base_language)

    def base_language(self) -> int:
        return self._enter().base_language

    def available_languages(self) -> list[int]:
        entered = self._enter()
        return languages.available(self._id, entered.base_language)

    def enable_language(self, lcid: int) -> None:
        self._enter()
        languages.enable(self._id, lcid)

    def disable_language(self, lcid: int) -> None:
        self._enter()
        languages.disable(self._id, lcid)

    def default_language(self) -> int:
        entered = self._enter()
        return languages.default(self._id, entered.base_language)

    def set_default_language(self, lcid: int) -> None:
        self._enter()
        languages.set_default(self._id, lcid)

    def users_with_role(self, role: OrganizationRole) -> list[ports.SystemUser]:
        self._enter()
        return people.users_with_role(self._id, role)

    def roles_of(self, object_id: UUID) -> frozenset[OrganizationRole]:
        self._enter()
        return people.roles_of(self._id, object_id)

    def solutions(self) -> list[ports.InstalledSolution]:
        self._enter()
        return solutions.installed(self._id)

    def stage_solution(self, package: bytes) -> ports.Staged:
        self._enter()
        return solutions.stage(self._id, package)

    def import_solution(self, package: bytes, *, operation_id: UUID) -> ports.Operation:
        self._enter()
        return imports.import_solution(self._id, package, operation_id)

    def import_translations(self, file: bytes, *, operation_id: UUID) -> ports.Operation:
        self._enter()
        return translations.import_translations(self._id, file, operation_id)

    def operation(self, operation_id: UUID) -> ports.Operation:
        self._enter()
        return imports.operation(self._id, operation_id)

    def labels(self, component: str, lcid: int) -> dict[str, str]:
        self._enter()
        return labels.effective(self._id, component, lcid)

    def query(self, query: ports.Query) -> list[ports.Record]:
        self._enter()
        return rows.find(self._id, query)

    def query_many(self, queries: Sequence[ports.Query]) -> list[list[ports.Record]]:
        self._enter()
        return rows.find_many(self._id, queries)

    def get(self, entity: str, id: UUID) -> ports.Record:
        self._enter()
        return rows.get(self._id, entity, id)

    def create(self, entity: str, attributes: Attributes, *, id: UUID | None = None) -> ports.Record:
        self._enter()
        return rows.create(self._id, entity, attributes, id)

    def update(self, entity: str, id: UUID, attributes: Attributes) -> ports.Record:
        self._enter()
        return rows.update(self._id, entity, id, attributes)

    def upsert(self, entity: str, id: UUID, attributes: Attributes) -> ports.Record:
        self._enter()
        rows.upsert_many(self._id, [(entity, id, attributes)])
        return rows.get(self._id, entity, id)

    def upsert_many(self, records: Sequence[tuple[str, UUID, Attributes]]) -> int:
        self._enter()
        return rows.upsert_many(self._id, records)

    def delete(self, entity: str, id: UUID) -> None:
        self._enter()
        rows.delete(self._id, entity, id)

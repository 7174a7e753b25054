"""What every adapter of `organizations.ports.Organization` must do, on an organization that really exists.

A suite of an adapter subclasses `OrganizationContract`, gives the fixture `organization` (base language English,
German enabled, French available but not enabled, no portal solution installed) and the change that only people of the
organization can make: `edit_label`.
"""

from __future__ import annotations

import io
import zipfile
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from accounts.roles import OrganizationRole
from organizations.packages import catalog, translations
from organizations.packages.package import LabelText
from organizations.ports import (
    Condition,
    LabelChanges,
    NotFound,
    Operation,
    OperationState,
    Organization,
    Query,
    Rejected,
)

ENGLISH, GERMAN, FRENCH, ITALIAN = 1033, 1031, 1036, 1040
ENTITY = "adx_contentsnippet"


def install(organization: Organization, unique_name: str) -> Operation:
    """Import a shipped package and see it through."""
    operation_id = uuid4()
    operation = organization.import_solution(catalog.load(unique_name), operation_id=operation_id)
    while not operation.state.finished:
        operation = organization.import_solution(catalog.load(unique_name), operation_id=operation_id)
    return operation


def translate(organization: Organization, *texts: LabelText) -> Operation:
    """Import a translation file with these texts and see it through."""
    operation_id, buffer = uuid4(), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("CrmTranslations.xml", translations.write(texts, base_language=ENGLISH))
    operation = organization.import_translations(buffer.getvalue(), operation_id=operation_id)
    while not operation.state.finished:
        operation = organization.import_translations(buffer.getvalue(), operation_id=operation_id)
    return operation


class OrganizationContract(ABC):
    """The tests. Each makes its own records, so that an organization may serve many of them."""

    administrator: UUID  # directory object ids of people in the organization
    customizer: UUID

    def enable_language(self, organization: Organization, lcid: int) -> None:
        organization.enable_language(lcid)

    @abstractmethod
    def edit_label(
        self, organization: Organization, component: str, column: str, lcid: int, text: str
    ) -> None:
        """As a person would: into the unmanaged layer."""

    # --- who is there ---------------------------------------------------------------------------------------

    def test_it_says_who_we_are(self, organization: Organization) -> None:
        assert organization.who_am_i() == organization.who_am_i()

    def test_the_base_language_is_among_the_enabled_ones(self, organization: Organization) -> None:
        assert organization.base_language() == ENGLISH
        assert organization.provisioned_languages() == [GERMAN, ENGLISH]

    def test_administrators_are_found_by_role(self, organization: Organization) -> None:
        found = organization.users_with_role(OrganizationRole.SYSTEM_ADMINISTRATOR)
        assert [user.object_id for user in found] == [self.administrator]

    def test_roles_of_a_person(self, organization: Organization) -> None:
        assert organization.roles_of(self.customizer) == {OrganizationRole.SYSTEM_CUSTOMIZER}

    def test_a_stranger_has_no_role(self, organization: Organization) -> None:
        assert organization.roles_of(uuid4()) == frozenset()

    # --- languages ------------------------------------------------------------------------------------------

    def test_a_language_that_is_not_enabled_is_available(self, organization: Organization) -> None:
        assert {GERMAN, ENGLISH, FRENCH} <= set(organization.available_languages())

    def test_a_language_is_enabled_and_disabled(self, organization: Organization) -> None:
        organization.enable_language(FRENCH)
        assert organization.provisioned_languages() == [GERMAN, ENGLISH, FRENCH]
        organization.disable_language(FRENCH)
        assert organization.provisioned_languages() == [GERMAN, ENGLISH]

    def test_enabling_and_disabling_twice_is_fine(self, organization: Organization) -> None:
        organization.enable_language(GERMAN)
        organization.disable_language(FRENCH)
        assert organization.provisioned_languages() == [GERMAN, ENGLISH]

    def test_a_language_that_is_not_available_is_refused(self, organization: Organization) -> None:
        with pytest.raises(Rejected) as refusal:
            organization.enable_language(1109)
        assert refusal.value.code == "language_unavailable"

    def test_the_base_language_cannot_be_disabled(self, organization: Organization) -> None:
        with pytest.raises(Rejected) as refusal:
            organization.disable_language(ENGLISH)
        assert refusal.value.code == "base_language"

    def test_the_base_language_is_the_default_until_another_is_set(self, organization: Organization) -> None:
        assert organization.default_language() == ENGLISH
        organization.set_default_language(GERMAN)
        assert (organization.default_language(), organization.base_language()) == (GERMAN, ENGLISH)

    def test_the_default_language_can_be_set_back(self, organization: Organization) -> None:
        organization.set_default_language(GERMAN)
        organization.set_default_language(ENGLISH)
        assert organization.default_language() == ENGLISH

    def test_a_disabled_language_cannot_be_the_default(self, organization: Organization) -> None:
        with pytest.raises(Rejected) as refusal:
            organization.set_default_language(FRENCH)
        assert refusal.value.code == "language_disabled"

    def test_the_default_language_cannot_be_disabled(self, organization: Organization) -> None:
        organization.set_default_language(GERMAN)
        with pytest.raises(Rejected) as refusal:
            organization.disable_language(GERMAN)
        assert refusal.value.code == "default_language"

    # --- solutions ------------------------------------------------------------------------------------------

    def test_staging_names_the_prerequisite_that_is_missing(self, organization: Organization) -> None:
        staged = organization.stage_solution(catalog.load("CustomerSelfServicePortal"))
        assert staged.missing == ("Portal Base 9.0.0.0",)

    def test_staging_changes_nothing(self, organization: Organization) -> None:
        before = organization.solutions()
        organization.stage_solution(catalog.load("PortalBase"))
        assert organization.solutions() == before

    def test_staging_refuses_what_is_no_package(self, organization: Organization) -> None:
        with pytest.raises(Rejected) as refusal:
            organization.stage_solution(b"no package")
        assert refusal.value.code == "bad_package"

    def test_an_imported_solution_is_installed(self, organization: Organization) -> None:
        assert install(organization, "PortalBase").state is OperationState.SUCCEEDED
        names = [solution.unique_name for solution in organization.solutions()]
        assert "PortalBase" in names
        assert names == sorted(names)

    def test_an_import_without_its_prerequisite_fails_and_names_it(self, organization: Organization) -> None:
        operation = install(organization, "CustomerSelfServicePortal")
        assert operation.error_code == "missing_dependency"
        assert "Portal Base 9.0.0.0" in operation.message

    def test_a_failed_import_leaves_nothing(self, organization: Organization) -> None:
        before = organization.solutions()
        install(organization, "CustomerSelfServicePortal")
        assert organization.solutions() == before

    def test_the_same_version_may_be_imported_again(self, organization: Organization) -> None:
        install(organization, "PortalBase")
        assert install(organization, "PortalBase").state is OperationState.SUCCEEDED

    def test_the_same_operation_starts_nothing_new(self, organization: Organization) -> None:
        operation_id = uuid4()
        package = catalog.load("CustomerSelfServicePortal")
        first = organization.import_solution(package, operation_id=operation_id)
        while not first.state.finished:
            first = organization.operation(operation_id)
        install(organization, "PortalBase")
        assert organization.import_solution(package, operation_id=operation_id) == first

    def test_an_operation_can_be_asked_for(self, organization: Organization) -> None:
        operation = install(organization, "PortalBase")
        assert organization.operation(operation.id) == operation

    def test_an_unknown_operation_is_not_found(self, organization: Organization) -> None:
        with pytest.raises(NotFound):
            organization.operation(uuid4())

    def test_an_unreadable_package_makes_no_operation(self, organization: Organization) -> None:
        operation_id = uuid4()
        with pytest.raises(Rejected):
            organization.import_solution(b"no package", operation_id=operation_id)
        with pytest.raises(NotFound):
            organization.operation(operation_id)

    # --- labels ---------------------------------------------------------------------------------------------

    def test_an_import_brings_labels_in_enabled_languages(self, organization: Organization) -> None:
        install(organization, "PortalBase")
        assert organization.labels("adx_webpage", GERMAN)["LocalizedName"] == "Webseite"

    def test_an_import_discards_labels_in_other_languages(self, organization: Organization) -> None:
        install(organization, "PortalBase")
        assert organization.labels("adx_webpage", FRENCH) == {}

    def test_importing_again_brings_labels_of_a_newly_enabled_language(
        self, organization: Organization
    ) -> None:
        install(organization, "PortalBase")
        self.enable_language(organization, FRENCH)
        install(organization, "PortalBase")
        assert organization.labels("adx_webpage", FRENCH)["LocalizedName"] == "Page web"

    def test_an_import_never_overwrites_what_people_changed(self, organization: Organization) -> None:
        install(organization, "PortalBase")
        self.edit_label(organization, "adx_webpage", "LocalizedName", GERMAN, "Blatt")
        install(organization, "PortalBase")
        assert organization.labels("adx_webpage", GERMAN)["LocalizedName"] == "Blatt"

    def test_the_solution_installed_last_covers_the_one_below(self, organization: Organization) -> None:
        install(organization, "PortalBase")
        below = organization.labels("adx_website", ENGLISH)["Description"]
        install(organization, "CustomPortal")
        assert organization.labels("adx_website", ENGLISH)["Description"] != below

    def test_importing_again_does_not_move_a_layer(self, organization: Organization) -> None:
        install(organization, "PortalBase")
        install(organization, "CustomPortal")
        on_top = organization.labels("adx_website", ENGLISH)["Description"]
        install(organization, "PortalBase")
        assert organization.labels("adx_website", ENGLISH)["Description"] == on_top

    def test_an_import_tells_what_it_did_with_the_labels(self, organization: Organization) -> None:
        install(organization, "PortalBase")
        self.enable_language(organization, FRENCH)
        self.edit_label(organization, "adx_webpage", "LocalizedName", FRENCH, "Feuille")
        told = {changes.lcid: changes for changes in install(organization, "PortalBase").labels}
        if told:  # an organization need not count
            count = told[GERMAN].unchanged
            assert told[GERMAN] == LabelChanges(GERMAN, unchanged=count)
            assert told[FRENCH] == LabelChanges(FRENCH, added=count - 1, kept=1)
            assert told[ITALIAN] == LabelChanges(ITALIAN, skipped=count)

    def test_a_solution_is_named_in_the_default_language(self, organization: Organization) -> None:
        organization.set_default_language(GERMAN)
        install(organization, "PortalBase")
        found = {solution.unique_name: solution.friendly_name for solution in organization.solutions()}
        assert found["PortalBase"] == "Portalbasis"

    def test_labels_of_a_disabled_language_stay_for_its_return(self, organization: Organization) -> None:
        install(organization, "PortalBase")
        self.edit_label(organization, "adx_webpage", "LocalizedName", GERMAN, "Blatt")
        organization.disable_language(GERMAN)
        organization.enable_language(GERMAN)
        assert organization.labels("adx_webpage", GERMAN)["LocalizedName"] == "Blatt"

    def test_translations_become_peoples_own_texts(self, organization: Organization) -> None:
        install(organization, "PortalBase")
        texts = [LabelText("adx_webpage", "LocalizedName", lcid, "Blatt") for lcid in (GERMAN, FRENCH)]
        assert translate(organization, *texts).state is OperationState.SUCCEEDED
        install(organization, "PortalBase")
        assert organization.labels("adx_webpage", GERMAN)["LocalizedName"] == "Blatt"
        assert organization.labels("adx_webpage", FRENCH) == {}

    def test_an_unreadable_translation_file_is_refused(self, organization: Organization) -> None:
        with pytest.raises(Rejected) as refusal:
            organization.import_translations(b"no file", operation_id=uuid4())
        assert refusal.value.code == "bad_translations"

    # --- records --------------------------------------------------------------------------------------------

    def test_a_record_comes_back_as_it_was_made(self, organization: Organization) -> None:
        made = organization.create(ENTITY, {"adx_name": "Footer", "adx_value": "Äpfel <b>&</b>"})
        assert organization.get(ENTITY, made.id) == made

    def test_ids_and_times_come_back_as_text(self, organization: Organization) -> None:
        reference, moment = uuid4(), datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
        made = organization.create(ENTITY, {"adx_websiteid": reference, "adx_publishdate": moment})
        assert made.attributes == {
            "adx_websiteid": str(reference),
            "adx_publishdate": "2026-01-31T08:00:00Z",
        }

    def test_an_id_can_be_taken_once(self, organization: Organization) -> None:
        made = organization.create(ENTITY, {})
        with pytest.raises(Rejected) as refusal:
            organization.create(ENTITY, {}, id=made.id)
        assert refusal.value.code == "duplicate"

    def test_an_absent_record_is_not_found(self, organization: Organization) -> None:
        with pytest.raises(NotFound):
            organization.get(ENTITY, uuid4())

    def test_an_update_leaves_other_attributes(self, organization: Organization) -> None:
        made = organization.create(ENTITY, {"adx_name": "Footer", "adx_value": "old"})
        changed = organization.update(ENTITY, made.id, {"adx_value": "new"})
        assert changed.attributes == {"adx_name": "Footer", "adx_value": "new"}

    def test_none_removes_an_attribute(self, organization: Organization) -> None:
        made = organization.create(ENTITY, {"adx_name": "Footer", "adx_value": "old"})
        assert organization.update(ENTITY, made.id, {"adx_value": None}).attributes == {"adx_name": "Footer"}

    def test_a_change_raises_the_version(self, organization: Organization) -> None:
        made = organization.create(ENTITY, {"adx_name": "Footer"})
        assert organization.update(ENTITY, made.id, {"adx_name": "Header"}).version > made.version

    def test_updating_what_is_not_there_fails(self, organization: Organization) -> None:
        with pytest.raises(NotFound):
            organization.update(ENTITY, uuid4(), {"adx_name": "Footer"})

    def test_the_same_upsert_twice_changes_nothing(self, organization: Organization) -> None:
        record_id = uuid4()
        first = organization.upsert(ENTITY, record_id, {"adx_name": "Footer"})
        assert organization.upsert(ENTITY, record_id, {"adx_name": "Footer"}) == first

    def test_upsert_many_makes_and_changes(self, organization: Organization) -> None:
        old, new = organization.create(ENTITY, {"adx_name": "Footer"}).id, uuid4()
        records = [(ENTITY, old, {"adx_name": "Header"}), (ENTITY, new, {"adx_name": "Footer"})]
        assert organization.upsert_many(records) == 2
        assert organization.get(ENTITY, old).attributes == {"adx_name": "Header"}
        assert organization.get(ENTITY, new).attributes == {"adx_name": "Footer"}

    def test_upsert_many_writes_all_or_none(self, organization: Organization) -> None:
        good = uuid4()
        with pytest.raises(Rejected):
            organization.upsert_many([(ENTITY, good, {"adx_name": "a"}), (ENTITY, uuid4(), {"a b": 1})])
        with pytest.raises(NotFound):
            organization.get(ENTITY, good)

    def test_removing_twice_is_fine(self, organization: Organization) -> None:
        made = organization.create(ENTITY, {})
        organization.delete(ENTITY, made.id)
        organization.delete(ENTITY, made.id)
        with pytest.raises(NotFound):
            organization.get(ENTITY, made.id)

    # --- queries --------------------------------------------------------------------------------------------

    @pytest.fixture
    def fruit(self, organization: Organization) -> str:
        """Three snippets of one website: Apple 3, banana 10, and Cherry without a number; the website's id."""
        website = str(uuid4())
        for name, number in (("Apple", 3), ("banana", 10), ("Cherry", None)):
            organization.create(
                ENTITY, {"adx_websiteid": website, "adx_name": name, "adx_displayorder": number}
            )
        return website

    @pytest.mark.parametrize(
        ("attribute", "operator", "value", "expected"),
        [
            ("adx_name", "eq", "Apple", {"Apple"}),
            ("adx_name", "ne", "Apple", {"banana", "Cherry"}),
            ("adx_displayorder", "eq", 10, {"banana"}),
            ("adx_displayorder", "eq", None, {"Cherry"}),
            ("adx_displayorder", "ne", None, {"Apple", "banana"}),
            ("adx_displayorder", "ne", 3, {"banana", "Cherry"}),
            ("adx_displayorder", "gt", 3, {"banana"}),
            ("adx_displayorder", "ge", 3, {"Apple", "banana"}),
            ("adx_displayorder", "lt", 10, {"Apple"}),
            ("adx_displayorder", "le", 10, {"Apple", "banana"}),
            ("adx_name", "in", ["Apple", "Cherry", "Durian"], {"Apple", "Cherry"}),
            ("adx_displayorder", "in", [3, None], {"Apple", "Cherry"}),
            ("adx_name", "in", [], set()),
            ("adx_name", "contains", "AN", {"banana"}),
            ("adx_name", "contains", "%", set()),
            ("adx_name", "startswith", "ch", {"Cherry"}),
        ],
    )
    def test_conditions(
        self,
        organization: Organization,
        fruit: str,
        attribute: str,
        operator: str,
        value: object,
        expected: set[str],
    ) -> None:
        where = [Condition("adx_websiteid", "eq", fruit), Condition(attribute, operator, value)]
        assert {
            found.attributes["adx_name"] for found in organization.query(Query(ENTITY, where))
        } == expected

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ("adx_displayorder", ["Cherry", "Apple", "banana"]),
            ("-adx_displayorder", ["banana", "Apple", "Cherry"]),
        ],
    )
    def test_order(self, organization: Organization, fruit: str, order: str, expected: list[str]) -> None:
        query = Query(ENTITY, [Condition("adx_websiteid", "eq", fruit)], order=[order])
        assert [found.attributes["adx_name"] for found in organization.query(query)] == expected

    def test_top_limits(self, organization: Organization, fruit: str) -> None:
        query = Query(ENTITY, [Condition("adx_websiteid", "eq", fruit)], order=["-adx_displayorder"], top=1)
        assert [found.attributes["adx_name"] for found in organization.query(query)] == ["banana"]

    def test_records_are_found_by_id(self, organization: Organization) -> None:
        made = [organization.create(ENTITY, {}) for _ in range(3)]
        where = [Condition("id", "in", [made[0].id, made[2].id])]
        found = organization.query(Query(ENTITY, where, order=["id"]))
        assert [record.id for record in found] == sorted([made[0].id, made[2].id])

    def test_other_entities_are_not_found(self, organization: Organization, fruit: str) -> None:
        assert organization.query(Query("adx_webpage", [Condition("adx_websiteid", "eq", fruit)])) == []

    def test_an_unknown_operator_is_refused(self, organization: Organization) -> None:
        with pytest.raises(Rejected) as refusal:
            organization.query(Query(ENTITY, [Condition("adx_name", "like", "a")]))
        assert refusal.value.code == "bad_query"

    def test_several_queries_are_answered_in_their_order(self, organization: Organization) -> None:
        ids = [
            organization.create(entity, {"adx_name": entity}).id for entity in ("adx_webpage", "adx_weblink")
        ]
        wanted = [Query("adx_weblink", [Condition("id", "eq", str(ids[1]))]), Query("adx_nothing")]
        wanted.append(Query("adx_webpage", [Condition("id", "eq", str(ids[0]))]))
        links, nothing, pages = organization.query_many(wanted)
        assert ([link.id for link in links], nothing, [page.id for page in pages]) == ([ids[1]], [], [ids[0]])

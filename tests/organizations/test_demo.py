from __future__ import annotations

from uuid import UUID, uuid5

import pytest

from accounts.roles import OrganizationRole
from organizations import queries
from organizations.connect import connect
from organizations.demo import load_demo
from organizations.models import Instance, Label, Language, Record, RoleMembership, SystemUser
from organizations.ports import Query

ADMINISTRATOR, CUSTOMIZER = OrganizationRole.SYSTEM_ADMINISTRATOR, OrganizationRole.SYSTEM_CUSTOMIZER
PEOPLE = {
    name: uuid5(UUID(int=0), name)
    for name in (
        "global.admin",
        "service.admin",
        "system.admin",
        "second.admin",
        "customizer",
        "csr",
        "employee",
        "customer",
        "nobody",
    )
}


@pytest.fixture
def contoso(db: None) -> Instance:
    load_demo(PEOPLE)
    return Instance.objects.get(name="Contoso")


@pytest.fixture
def sandbox(contoso: Instance) -> Instance:
    return Instance.objects.get(name="Contoso Sandbox")


def test_both_instances_let_us_in(contoso: Instance, sandbox: Instance) -> None:
    assert connect(contoso).who_am_i() != connect(sandbox).who_am_i()


def test_languages_differ(contoso: Instance, sandbox: Instance) -> None:
    assert connect(contoso).provisioned_languages() == [1025, 1031, 1033, 1036, 1037, 3082]
    assert connect(sandbox).provisioned_languages() == [1031, 1033]
    assert connect(sandbox).base_language() == 1031


def test_arabic_and_hebrew_are_enabled_but_not_offered(contoso: Instance) -> None:
    assert sorted(offered.lcid for offered in queries.languages_offered(contoso)) == [1031, 1033, 1036, 3082]


@pytest.mark.parametrize(
    ("person", "in_contoso", "in_sandbox"),
    [
        ("global.admin", {ADMINISTRATOR}, {ADMINISTRATOR}),
        ("system.admin", {ADMINISTRATOR}, {CUSTOMIZER}),
        ("second.admin", {ADMINISTRATOR}, set()),
        ("customizer", {CUSTOMIZER}, set()),
        ("service.admin", set(), set()),
        ("csr", set(), set()),
        ("nobody", set(), set()),
    ],
)
def test_roles(
    contoso: Instance,
    sandbox: Instance,
    person: str,
    in_contoso: set[OrganizationRole],
    in_sandbox: set[OrganizationRole],
) -> None:
    assert connect(contoso).roles_of(PEOPLE[person]) == in_contoso
    assert connect(sandbox).roles_of(PEOPLE[person]) == in_sandbox


def test_people_renamed_something_that_no_import_may_change(contoso: Instance) -> None:
    assert connect(contoso).labels("account", 1033)["LocalizedName"] == "Company"


def test_contacts_belong_to_accounts(contoso: Instance) -> None:
    accounts = {record.id for record in connect(contoso).query(Query("account"))}
    contacts = connect(contoso).query(Query("contact"))
    assert {UUID(record.attributes["parentcustomerid"]) for record in contacts} <= accounts


def test_loading_again_changes_nothing_that_people_changed(contoso: Instance) -> None:
    Instance.objects.filter(pk=contoso.pk).update(name="Renamed")
    Language.objects.filter(instance=contoso, lcid=1036).update(enabled=False)
    Label.objects.filter(instance=contoso).update(text="Changed")
    Record.objects.filter(instance=contoso).delete()
    RoleMembership.objects.filter(user__instance=contoso).delete()
    SystemUser.objects.filter(instance=contoso, full_name="Gloria Amani").delete()
    load_demo(PEOPLE)
    contoso.refresh_from_db()
    assert contoso.name == "Renamed"
    assert not Language.objects.get(instance=contoso, lcid=1036).enabled
    assert set(Label.objects.filter(instance=contoso).values_list("text", flat=True)) == {"Changed"}
    assert not Record.objects.filter(instance=contoso).exists()
    assert not RoleMembership.objects.filter(user__instance=contoso).exists()
    assert not SystemUser.objects.filter(instance=contoso, full_name="Gloria Amani").exists()

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.roles import OrganizationRole
from organizations.models import Instance
from tests.organizations.test_views import browse, page
from tests.organizations.world import make_instance, make_user


@pytest.fixture
def customizer(instance: Instance) -> User:
    return make_user(instance, OrganizationRole.SYSTEM_CUSTOMIZER, name="Carl Dent")


def test_a_row_tells_name_state_type_and_version(instance: Instance, global_admin: User) -> None:
    html = page(browse(global_admin), "/instances/")
    assert f'data-instance="{instance.id}" data-state="ready"' in html
    for words in ("Fabrikam", "Ready", "Production", "9.0.2.1034", f"/instances/{instance.id}/solutions/"):
        assert words in html
    assert 'id="details"' not in html


def test_the_selected_row_shows_its_details_beside_the_list(instance: Instance, global_admin: User) -> None:
    html = page(browse(global_admin), f"/instances/?selected={instance.id}")
    details = html[html.index('id="details"') :]
    assert "https://fabrikam.crm.localhost" in details
    assert "German (Germany)" in details
    assert "French (France)" not in details
    assert f'href="/instances/{instance.id}/solutions/"' in details


def test_the_fragment_is_the_list_alone_and_names_the_pages_address(
    instance: Instance, global_admin: User
) -> None:
    response = browse(global_admin).get(f"/instances/list/?selected={instance.id}")
    html = response.content.decode()
    assert html.startswith('<div id="instances"')
    assert "<html" not in html
    assert response["HX-Push-Url"] == f"/instances/?selected={instance.id}"
    assert "no-store" in response["Cache-Control"]
    assert "Fabrikam: Ready" in html.rpartition('id="announcements"')[2]


@pytest.mark.parametrize("asked", ["nonsense", "", "00000000-0000-0000-0000-000000000000"])
def test_what_cannot_be_selected_is_not(instance: Instance, global_admin: User, asked: str) -> None:
    assert 'id="details"' not in page(browse(global_admin), f"/instances/?selected={asked}")


def test_an_instance_that_one_may_not_see_is_not_shown_either(instance: Instance, customizer: User) -> None:
    other = make_instance("Northwind")
    html = page(browse(customizer), f"/instances/?selected={other.id}")
    assert "Northwind" not in html
    assert 'id="details"' not in html


def test_many_instances_cost_as_many_queries_as_one(
    instance: Instance, global_admin: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        make_instance(f"Organization {number}")
    browser = browse(global_admin)
    with django_assert_max_num_queries(5):  # session, person, directory roles, instances, languages
        assert browser.get(f"/instances/?selected={instance.id}").status_code == 200

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.roles import OrganizationRole
from organizations import listing
from organizations.listing import Asked
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


# --- searching and paging -----------------------------------------------------------------------------------

NAMES = ["Zebra", "Äpfel", "apple", "Übersee", "Overseas", "fabrikam two", "Étoile", "İstanbul", "北京"]


@pytest.fixture
def many(instance: Instance) -> Instance:
    """A hundred and thirty, so three pages."""
    Instance.objects.bulk_create(
        Instance(
            name=name,
            url=f"https://{name.lower().replace(' ', '-')}.crm.localhost",
            type=Instance.Type.PRODUCTION,
            version="9.0.2.1034",
            base_language=1033,
        )
        for name in [*NAMES, *(f"Organization {number:03}" for number in range(120))]
    )
    return instance


def shown(html: str) -> list[str]:
    """Ids of the rows, in their order."""
    return re.findall(r'data-instance="([^"]+)"', html)


def names_of(ids: list[str]) -> list[str]:
    names = {str(row.id): row.name for row in Instance.objects.all()}
    return [names[id] for id in ids]


def test_names_are_in_order_however_they_are_written(many: Instance, global_admin: User) -> None:
    first = names_of(shown(page(browse(global_admin), "/instances/")))
    assert first[:6] == ["Äpfel", "apple", "Étoile", "Fabrikam", "fabrikam two", "İstanbul"]


def test_pages_in_both_directions_hold_every_instance_once(
    many: Instance, global_admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 17)
    asked, walked = Asked(), []
    while True:
        found = listing.listing(global_admin, asked)
        walked.append([row.id for row in found.rows])
        if not found.page.next:
            break
        asked = Asked(after=found.page.next)
    ids = [id for rows in walked for id in rows]
    assert len(ids) == len(set(ids)) == found.counted == 130
    last = listing.listing(global_admin, Asked(after=listing.listing(global_admin, Asked()).page.last))
    assert [row.id for row in last.rows] == ids[-17:]
    while found.page.previous:
        found = listing.listing(global_admin, Asked(after=found.page.previous))
        walked.pop()
        assert [row.id for row in found.rows] == walked[-1]
    assert len(walked) == 1


def test_the_page_leads_to_the_next_one_and_back(many: Instance, global_admin: User) -> None:
    browser = browse(global_admin)
    html = page(browser, "/instances/?type=production")
    assert len(shown(html)) == 50
    assert "130 instances" in html
    following = re.search(r'<a id="page-next" href="([^"]+)"', html)
    assert following
    second = page(browser, "/instances/" + unescape(following[1]))
    assert "type=production" in following[1]
    assert not set(shown(second)) & set(shown(html))
    assert 'id="page-previous"' in second
    details = page(browser, "/instances/" + unescape(following[1]) + f"&selected={shown(second)[0]}")
    assert shown(details) == shown(second)
    closing = re.search(r'id="close-details" href="([^"]+)"', details)
    assert closing
    assert unescape(closing[1]) == unescape(following[1])


@pytest.mark.parametrize("after", ["nonsense", "W10", "WyJuYW1lIiwibiJd", "x" * 7000])
def test_a_place_that_is_none_is_page_one(many: Instance, global_admin: User, after: str) -> None:
    browser = browse(global_admin)
    assert shown(page(browser, f"/instances/?after={after}")) == shown(page(browser, "/instances/"))


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("ZEBR", {"Zebra"}),
        ("apfel", {"Äpfel"}),
        ("ubersee", {"Übersee"}),
        ("erse", {"Übersee", "Overseas"}),
        ("北", {"北京"}),
        ("https://overseas.crm.localhost/", {"Overseas"}),
        ("%", set()),
        ("'", set()),
        ("no such thing", set()),
    ],
)
def test_search_finds_parts_of_names_and_addresses(
    many: Instance, global_admin: User, q: str, found: set[str]
) -> None:
    html = page(browse(global_admin), "/instances/?" + urlencode({"q": q}))
    assert set(names_of(shown(html))) == found
    assert ("No instance matches these filters." in html) is (not found)


def test_state_and_type_filter(instance: Instance, global_admin: User) -> None:
    sandbox = make_instance("Sandbox")
    Instance.objects.filter(pk=sandbox.pk).update(type="sandbox", state="disabled")
    browser = browse(global_admin)
    for query, rows in {
        "type=sandbox": [sandbox],
        "state=ready": [instance],
        "state=ready&type=sandbox": [],
        "state=martian&type=x": [instance, sandbox],
    }.items():
        assert shown(page(browser, f"/instances/?{query}")) == [str(row.id) for row in rows]


def test_search_finds_only_what_one_may_see(many: Instance, customizer: User) -> None:
    assert shown(page(browse(customizer), "/instances/?q=Organization")) == []
    assert shown(page(browse(customizer), "/instances/?q=fabrikam")) == [str(many.id)]


def test_a_search_keeps_its_words_in_the_fragments_links_and_the_pages_address(
    many: Instance, global_admin: User
) -> None:
    response = browse(global_admin).get("/instances/list/?q=organization&state=&type=")
    assert response["HX-Push-Url"] == "/instances/?q=organization"
    html = response.content.decode()
    assert 'href="?q=organization&amp;after=' in html
    assert "120 instances" in html.rpartition('id="announcements"')[2]


@pytest.mark.parametrize("query", ["", "?q=organization", "?selected=x"])
def test_a_page_of_many_costs_at_most_five_queries(
    many: Instance, global_admin: User, django_assert_max_num_queries: DjangoAssertNumQueries, query: str
) -> None:
    browser = browse(global_admin)
    with django_assert_max_num_queries(5):  # session, person, directory roles, instances, how many
        assert browser.get(f"/instances/{query}").status_code == 200

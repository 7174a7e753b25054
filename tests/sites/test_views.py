"""Pages of a portal, made from the organization's records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from defusedxml.ElementTree import fromstring
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from organizations.packages import catalog
from provisioning.features import KINDS, PortalKind
from sites import views
from tests.sites.conftest import GERMAN, MakeWorld, World
from tests.sites.html import Seen

# The portal; then pages, link sets, links and snippets, each behind the organization's own check of who asks.
PAGE_QUERIES = 6

ARABIC = 1025
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def samples() -> Iterator[tuple[PortalKind, int]]:
    """Kinds of portals that have sample data, with each of its languages."""
    shipped = catalog.friendly_names()
    for kind, facts in KINDS.items():
        if facts.package in shipped:
            for lcid in catalog.package(facts.package).samples:
                yield kind, lcid


@pytest.mark.parametrize(("kind", "lcid"), list(samples()))
def test_every_link_of_the_sample_data_leads_to_a_page(
    make_world: MakeWorld, kind: PortalKind, lcid: int
) -> None:
    world = make_world(template=kind, language=lcid)
    open_paths, seen_paths = ["/"], set()
    while open_paths:
        path = open_paths.pop()
        seen_paths.add(path)
        response = world.client.get(path)
        assert response.status_code == 200, path
        seen = Seen(response)
        assert len(seen.all("h1")) == 1
        assert seen.text("h1")
        inner = {urlsplit(href).path for href in seen.hrefs() if href.startswith("/")}
        open_paths += inner - seen_paths - {*open_paths}
    assert len(seen_paths) == len(world.records("adx_webpage"))


def test_home_shows_its_title_lead_copy_and_a_card_for_each_page_below(world: World) -> None:
    [home] = world.records("adx_webpage", adx_partialurl="/")
    seen = Seen(world.client.get("/"))
    assert seen.text("h1") == home.attributes["adx_title"]
    assert home.attributes["adx_summary"] in seen.text("main")
    assert "Start with what you need" in seen.text("main")
    below = world.records("adx_webpage", adx_parentpageid=str(home.id))
    assert below
    for page in below:
        assert page.attributes["adx_title"] in seen.text("main")
        assert f"/{page.attributes['adx_partialurl']}/" in seen.hrefs()


def test_a_page_shows_where_it_is(world: World) -> None:
    seen = Seen(world.client.get("/help/orders/"))
    assert [link["href"] for link in seen.all("a") if link.get("class") == "is-above"][:1] == ["/help/"]
    assert seen.hrefs().index("/") < seen.hrefs().index("/help/")
    assert "You are here" in [nav["aria-label"] for nav in seen.all("nav")]
    assert seen.text("title") == "Orders and invoices · Customer Self-Service"


def test_the_current_page_is_marked_in_the_navigation(world: World) -> None:
    current = [
        link["href"]
        for link in Seen(world.client.get("/contact/")).all("a")
        if link.get("aria-current") == "page"
    ]
    assert current
    assert set(current) == {"/contact/"}


def test_landmarks_and_a_way_past_the_navigation_are_there(world: World) -> None:
    seen = Seen(world.client.get("/"))
    assert [seen.all(tag) != [] for tag in ("header", "nav", "main", "footer")] == [True] * 4
    assert seen.all("a")[0] == {"class": "skip", "href": "#content"}
    assert seen.all("main")[0]["id"] == "content"


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("/contact", "/contact/"),
        ("/Contact/", "/contact/"),
        ("/HELP/Orders", "/help/orders/"),
        ("/contact?from=mail&x=%2F", "/contact/?from=mail&x=%2F"),
    ],
)
def test_another_spelling_leads_to_the_canonical_address(world: World, asked: str, target: str) -> None:
    response = world.client.get(asked)
    assert response.status_code == 301
    assert response["Location"] == target
    assert response["X-Portal-State"] == "live"


@pytest.mark.parametrize(
    "path",
    [
        "/\\evil.example",
        "/contact//",
        "/contact/x/",
        "/a%0Ab",
        "/%00",
        "/%FF/",
        "/../help/",
        "/applications/",
        "/accounts/login/",
        "/accounts/",
        "/healthz",
        "/theme.css/",
        "/favicon.ico",
    ],
)
def test_everything_else_is_the_portals_own_not_found(world: World, path: str) -> None:
    response = world.client.get(path)
    assert response.status_code == 404
    assert Seen(response).text("h1") == "We could not find that page"
    assert Seen(response).text("title") == "We could not find that page · Customer Self-Service"


@pytest.mark.parametrize("path", ["//evil.example/", "//contact", "//", "///help/"])
def test_slashes_too_many_lead_nowhere(world: World, path: str) -> None:
    # By its parts, since the test client would take what follows two slashes for a host.
    response = world.client.get("/", PATH_INFO=path)
    assert response.status_code == 404
    assert "Location" not in response


def test_a_path_of_other_letters_leads_to_its_page(world: World) -> None:
    world.add_page("über uns")
    assert world.client.get("/%C3%BCber%20uns/").status_code == 200
    assert world.client.get("/%C3%9Cber%20uns")["Location"] == "/%C3%BCber%20uns/"
    assert "/%C3%BCber%20uns/" in Seen(world.client.get("/")).hrefs()


def test_not_found_speaks_the_portals_language(make_world: MakeWorld) -> None:
    world = make_world(language=GERMAN)
    seen = Seen(world.client.get("/gibt-es-nicht/"))
    assert seen.all("html") == [{"lang": "de-DE", "dir": "ltr"}]
    [snippet] = world.records("adx_contentsnippet", adx_name="PageNotFound/Title")
    assert seen.text("h1") == snippet.attributes["adx_value"]
    for name in ("PageNotFound/Title", "PageNotFound/Copy"):
        world.change("adx_contentsnippet", {"adx_value": None}, adx_name=name)
    seen = Seen(world.client.get("/gibt-es-nicht/"))
    assert seen.text("h1") == "Diese Seite haben wir nicht gefunden"
    assert "Zur Startseite" in seen.text("main")


def test_a_portal_without_any_records_still_has_its_frame(make_world: MakeWorld) -> None:
    response = make_world(samples=False).client.get("/")
    assert response.status_code == 404
    assert Seen(response).text("title") == "We could not find that page · Contoso Help"


def test_a_language_that_runs_from_right_to_left_has_its_style_sheet(make_world: MakeWorld) -> None:
    seen = Seen(make_world(language=ARABIC).client.get("/"))
    assert seen.all("html")[0]["dir"] == "rtl"
    sheets = [link["href"] for link in seen.all("link") if link["rel"] == "stylesheet"]
    assert sheets[0].endswith("bootstrap.rtl.min.css")
    assert sheets[-1] == "/theme.css"


def test_a_change_shows_at_once(world: World) -> None:
    before = world.client.get("/contact/")
    world.change("adx_webpage", {"adx_title": "Ring us"}, adx_partialurl="contact")
    after = world.client.get("/contact/", headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert Seen(after).text("h1") == "Ring us"


def test_a_page_that_the_browser_has_is_not_sent_again(world: World) -> None:
    etag = world.client.get("/contact/")["ETag"]
    again = world.client.get("/contact/", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again["X-Portal-State"] == "live"


def test_a_draft_is_gone_with_all_that_led_to_it(world: World) -> None:
    assert "/help/" in Seen(world.client.get("/contact/")).hrefs()
    world.change("adx_webpage", {"adx_publishingstate": "Draft"}, adx_partialurl="help")
    for path in ("/help/", "/help/orders/"):
        response = world.client.get(path)
        assert response.status_code == 404
        assert "Orders and invoices" not in Seen(response).text("body")
    frame = Seen(world.client.get("/"))
    assert "Help topics" not in frame.text("header")
    assert "Help topics" not in frame.text("footer")


def test_a_hidden_page_is_found_by_its_address_only(world: World) -> None:
    world.add_page("quiet", adx_hiddenfromsitemap=True)
    assert world.client.get("/quiet/").status_code == 200
    assert "/quiet/" not in Seen(world.client.get("/")).hrefs()
    assert "/quiet/" not in world.client.get("/sitemap.xml").content.decode()


def test_pages_in_a_circle_do_no_harm(world: World) -> None:
    one = world.add_page("one")
    two = world.add_page("two", parent=one)
    world.organization.update("adx_webpage", one.id, {"adx_parentpageid": str(two.id)})
    assert world.client.get("/one/").status_code == 404
    assert world.client.get("/").status_code == 200


def test_texts_are_shown_as_they_are_written_and_run_nowhere(world: World) -> None:
    facts: dict[str, Any] = {
        "adx_title": f"T{SCRIPT}",
        "adx_name": f"N{SCRIPT}",
        "adx_summary": f'S"{SCRIPT}',
    }
    world.add_page("attack", **facts, adx_copy=f"<p>C</p>{SCRIPT}", adx_pagetemplate="../../base")
    for name in (
        "Header/Title",
        "Footer/Copyright",
        "SkipToContent",
        "Navigation/Label",
        "PageNotFound/Copy",
    ):
        world.change("adx_contentsnippet", {"adx_value": f'X" onclick="x {SCRIPT}'}, adx_name=name)
    world.change("adx_weblink", {"adx_name": SCRIPT}, adx_name="Contact", adx_displayorder=4)
    for path in ("/", "/attack/", "/no-such-page/"):
        seen = Seen(world.client.get(path))
        assert seen.all("script") == []
        assert seen.all("style") == []
        for _, attributes in seen.tags:
            assert not any(name == "style" or name.startswith("on") for name in attributes)
    assert Seen(world.client.get("/attack/")).text("h1") == f"T{SCRIPT}"


def test_a_link_may_lead_elsewhere_but_never_run(world: World) -> None:
    [links] = world.records("adx_weblinkset", adx_name="Primary Navigation")
    for name, address in (("Shop", "https://shop.example/"), ("Bad", "javascript:alert(1)")):
        world.add("adx_weblink", adx_weblinksetid=str(links.id), adx_name=name, adx_externalurl=address)
    seen = Seen(world.client.get("/"))
    assert "https://shop.example/" in seen.hrefs()
    assert not any(href.startswith("javascript") for href in seen.hrefs())


@pytest.mark.parametrize("path", ["/", "/help/", "/no-such-page/"])
def test_the_content_policy_allows_nothing_inline(world: World, path: str) -> None:
    response = world.client.get(path)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert Seen(response).all("script") == []


def test_the_theme_follows_the_settings_at_once(world: World) -> None:
    before = world.client.get("/theme.css")
    assert before["Content-Type"] == "text/css; charset=utf-8"
    assert "--portal-primary: #0b5cad;" in before.content.decode()
    world.change("adx_sitesetting", {"adx_value": "#7c2d12"}, adx_name="Theme/PrimaryColor")
    after = world.client.get("/theme.css", headers={"If-None-Match": before["ETag"]})
    assert "--portal-primary: #7c2d12;" in after.content.decode()


def test_the_sitemap_lists_what_is_published(world: World) -> None:
    world.add_page("draft", adx_publishingstate="Draft")
    world.add_page("a&b")
    response = world.client.get("/sitemap.xml")
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    listed = [
        location.text for location in fromstring(response.content).iter() if location.tag.endswith("loc")
    ]
    assert listed[0] == "http://contoso-help.portals.localhost/"
    assert "http://contoso-help.portals.localhost/help/orders/" in listed
    assert "http://contoso-help.portals.localhost/a%26b/" in listed
    assert len(listed) == len(world.records("adx_webpage")) - 1


@pytest.mark.parametrize("path", ["/", "/help/", "/help/orders/", "/no-such-page/", "/contact"])
def test_a_page_keeps_to_its_queries_however_many_records_there_are(
    world: World, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        world.add_page(f"page-{number}")
    with django_assert_max_num_queries(PAGE_QUERIES):
        world.client.get(path)


@pytest.mark.parametrize(("path", "queries"), [("/theme.css", 3), ("/sitemap.xml", 3), ("/robots.txt", 1)])
def test_what_is_no_page_asks_less(
    world: World, path: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(queries):
        world.client.get(path)


def test_a_notice_asks_for_the_portal_only(
    make_world: MakeWorld, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = make_world(published_at=None).client
    with django_assert_num_queries(1):
        client.get("/")


def test_an_error_of_ours_is_told_calmly(rf: RequestFactory) -> None:
    assert views.failed(rf.get("/")).status_code == 500
    assert Seen(views.failed(rf.get("/"))).text("h1") == "Something went wrong"

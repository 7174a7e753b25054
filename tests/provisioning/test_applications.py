"""The Applications tab at size: search, filters, orders, pages by key, details, polling, export."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import spreadsheet
from accounts.models import User
from jobs.models import Job
from organizations.models import Instance
from provisioning import listing
from provisioning.listing import ORDERS, Asked, Total
from provisioning.models import Portal
from provisioning.phases import Packages, Phase
from tests.provisioning.conftest import SignIn, World

pytestmark = pytest.mark.django_db

ROW = re.compile(r'<tr data-portal="([^"]+)" data-state="([^"]+)" data-packages="([^"]+)"')
REFUSALS = ("csr", "employee", "customer", "nobody")
NONSENSE = [
    "x",
    "%",
    "A" * 5,
    "A" * 10_000,
    "bm9uc2Vuc2U",
    "WyJuYW1lIiwibiJd",
    "[]",
    "é",
    "W10",
    "bnVsbA",
]


def rows(html: str) -> list[tuple[str, str, str]]:
    return ROW.findall(html)


def names(browser: Client, **query: str) -> list[str]:
    """Names of the rows that the page shows, in its order."""
    html = browser.get("/applications/", query).content.decode()
    return re.findall(r'<a class="open" id="open-[^>]*>([^<]*)</a>', html)


def old_job() -> Job:
    now = timezone.now()
    return Job.objects.create(
        kind="portal.provision",
        definition=1,
        step_count=0,
        state="succeeded",
        run_at=now,
        created_at=now,
        finished_at=now,
    )


def portals(world: World, *names: str, **values: Any) -> list[Portal]:
    """Configured portals of these names, instead of the demo's add-ons."""
    Portal.objects.all().delete()
    job = old_job()
    common = {
        "type": "production",
        "phase": Phase.CONFIGURED,
        "packages": Packages.INSTALLED,
        "instance": world.production,
        "owner": world.user("system.admin"),
        "provision_job": job,
    }
    return Portal.objects.bulk_create(
        Portal(**{**common, "name": name, "subdomain": f"site{number}", **values})
        for number, name in enumerate(names)
    )


# --- who sees what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "before", "after"),
    [
        ("global.admin", 4, 4),
        ("service.admin", 4, 4),
        ("system.admin", 4, 4),
        ("second.admin", 4, 4),
        ("customizer", 4, 3),
        *((local, 0, 0) for local in REFUSALS),
    ],
)
def test_everyone_sees_the_rows_that_they_may_open(
    world: World, sign_in: SignIn, local: str, before: int, after: int
) -> None:
    browser = sign_in(local)
    assert len(rows(browser.get("/applications/").content.decode())) == before
    world.submit()
    listed = rows(browser.get("/applications/").content.decode())
    assert len(listed) == after
    exported = b"".join(browser.get("/applications/export.csv").streaming_content)  # type: ignore[attr-defined]
    assert exported.count(b"\r\n") == 1 + after
    for portal_id, _, _ in listed:
        assert browser.get(f"/portals/{portal_id}/", follow=True).status_code == 200


@pytest.mark.parametrize("path", ["/applications/", "/applications/list/", "/applications/export.csv"])
def test_nobody_gets_in_without_signing_in(world: World, path: str) -> None:
    assert "/accounts/login/" in Client(HTTP_HOST="localhost").get(path)["Location"]


def test_details_are_shown_to_those_who_may_open_the_portal(world: World, sign_in: SignIn) -> None:
    (portal,) = portals(world, "Contoso Support")
    for local, shown in [("system.admin", True), ("service.admin", True), ("customizer", False)]:
        html = sign_in(local).get("/applications/", {"selected": str(portal.id)}).content.decode()
        assert ('id="details"' in html) is shown
        assert ("Contoso Support" in html) is shown
    html = sign_in("global.admin").get("/applications/", {"selected": "nonsense"}).content.decode()
    assert 'id="details"' not in html


def test_instances_to_filter_by_are_those_that_the_person_administers(world: World, sign_in: SignIn) -> None:
    html = sign_in("system.admin").get("/applications/").content.decode()
    assert f'value="{world.production.id}"' in html
    assert f'value="{world.sandbox.id}"' not in html
    assert f'value="{world.sandbox.id}"' in sign_in("service.admin").get("/applications/").content.decode()


# --- rows ---------------------------------------------------------------------------------------------------


def test_the_row_tells_the_phase_and_the_status(world: World, sign_in: SignIn) -> None:
    browser, portal = sign_in("service.admin"), world.portal()
    html = browser.get("/applications/").content.decode()
    assert html.count("Not Configured") == 4
    assert browser.get(f"/portals/{portal.id}/").status_code == 302
    assert browser.get("/applications/").content.decode().count("Not Configured") == 3
    world.submit(portal)
    html = browser.get("/applications/").content.decode()
    assert "Contoso Support-Configuring" in html
    assert (str(portal.id), "configuring", "none") in rows(html)


def test_names_and_searches_are_shown_as_text(world: World, sign_in: SignIn) -> None:
    evil = '"><script>alert(1)</script>'
    (portal,) = portals(world, evil)
    Instance.objects.filter(pk=world.production.pk).update(name=f"I{evil}")
    User.objects.filter(email="system.admin@contoso.example").update(display_name=f"O{evil}")
    for query in ({}, {"q": evil}, {"selected": str(portal.id)}, {"q": evil + "x"}, {"after": evil}):
        for path in ("/applications/", "/applications/list/"):
            html = sign_in("global.admin").get(path, query).content.decode()
            assert "<script>alert(1)" not in html


def test_everything_works_as_links_and_forms(world: World, sign_in: SignIn) -> None:
    (portal,) = portals(world, "Contoso Support")
    html = sign_in("global.admin").get("/applications/?q=contoso&sort=-name").content.decode()
    assert f'href="?q=contoso&amp;sort=-name&amp;selected={portal.id}"' in html
    assert f'href="/portals/{portal.id}/"' in html
    assert re.search(r'<form class="filters" method="get".*<button', html, re.S)
    for control in ("q", "state", "type", "instance", "sort"):
        assert f'for="{control}"' in html
        assert f'id="{control}" name="{control}"' in html
    assert "hx-on" not in html
    assert "style=" not in html


def test_the_details_tell_what_the_row_has_no_room_for(world: World, sign_in: SignIn) -> None:
    (portal,) = portals(world, "Contoso Support", language=1031)
    html = sign_in("global.admin").get("/applications/", {"selected": str(portal.id)}).content.decode()
    pane = html[html.index('id="details"') :]
    for words in ("Contoso Support", "Production", "German (Germany)", "Sylvia Admon", portal.url, "Manage"):
        assert words in pane
    assert 'aria-current="true"' in html


def test_empty_and_no_match_are_told_apart(world: World, sign_in: SignIn) -> None:
    html = sign_in("nobody").get("/applications/").content.decode()
    assert "There are no applications that you may manage." in html
    html = sign_in("global.admin").get("/applications/?q=zzz&state=configured").content.decode()
    assert "No application matches “zzz” and the filters." in html
    assert "Show all applications" in html


# --- search -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "q", "found"),
    [
        ("Contoso Support", "support", True),
        ("Contoso Support", "SUPP", True),
        ("Contoso Support", "so su", True),
        ("Contoso Support", "  so    su ", True),
        ("Contoso Support", "s", True),
        ("Contoso Support", "rt", True),
        ("Contoso Support", "tsupp", False),
        ("Contoso Support", "contoso sypport", False),
        ("Contoso Support", "", True),
        ("Contoso Support", "   ", True),
        ("Contoso Support", "site0", True),
        ("Contoso Support", "SITE0.portals.localhost", True),
        ("Contoso Support", "http://site0.portals.localhost:8000/about", True),
        ("Contoso Support", "http://site1.portals.localhost:8000/", False),
        ("Ärzte Übersicht", "ÄRZTE ÜBER", True),
        ("Ärzte Übersicht", "a\u0308rzte", True),
        ("Ärzte Übersicht", "arzte", True),
        ("Straße", "STRASSE", True),
        ("İstanbul", "istanbul", True),
        ("ISTANBUL", "ıstanbul", True),
        ("Ισίδωρος", "ΙΣΙΔΩΡΟΣ", True),
        ("東京ポータル", "京ポ", True),
        ("100% Contoso", "100%", True),
        ("1000 Contoso", "100% ", False),
        ("a_b", "a_b", True),
        ("axb", "a_b", False),
        ("a\\b", "\\", True),
        ("axb", "\\", False),
        ('O\'Neil "x"', "o'neil \"", True),
        ("x", "'; DROP TABLE provisioning_portal; --", False),
        ("n" * 100, "n" * 100, True),
        ("n" * 100, "n" * 200, False),
        ("n" * 100, "m" * 5000, False),
        ("x", "\0", True),
        ("x", "\u0301", True),
        ("x", "adventure", False),
    ],
)
def test_search(world: World, name: str, q: str, found: bool) -> None:
    portals(world, name)
    asked = Asked.from_query({"q": q})
    assert listing.portals(world.user("global.admin"), asked).exists() is found


def test_search_finds_instances_and_add_ons(world: World, sign_in: SignIn) -> None:
    browser = sign_in("global.admin")
    world.submit()
    assert names(browser, q="add-on") == ["Portal Add-On"] * 3
    assert names(browser, q="CONTOSOSUP") == ["Contoso Support-Configuring"]
    Portal.objects.filter(phase="configuring").update(name="Fabrikam")
    assert names(browser, q="contoso") == ["Fabrikam-Configuring"]
    Instance.objects.filter(pk=world.production.pk).update(name="Northwind")
    assert names(browser, q="northwind") == ["Fabrikam-Configuring"]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 7, 50])
def test_every_part_of_a_name_is_found(world: World, length: int) -> None:
    name = "Die Straße zum Ärztehaus, Zürich (100 %_\\)"
    portals(world, name, "Other")
    user = world.user("global.admin")
    for begin in range(len(name)):
        part = name[begin : begin + length].strip()
        found = listing.portals(user, Asked.from_query({"q": part}))
        assert name in [portal.name for portal in found], part


def test_search_reads_the_index_over_parts_of_names(world: World) -> None:
    portals(world, *(f"Portal {number}" for number in range(300)))
    wanted = listing.containing(Portal.objects.order_by(), "portal 123").values("pk")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "provisioning_portal_parts" in wanted.explain()


def test_parts_of_names_follow_the_names(world: World) -> None:
    (portal,) = portals(world, "Apples")
    user = world.user("global.admin")
    Portal.objects.filter(pk=portal.pk).update(name="Pears")
    assert not listing.portals(user, Asked(q="apple"))
    assert list(listing.portals(user, Asked(q="pear"))) == [portal]


# --- keys that the database keeps ---------------------------------------------------------------------------


def keys(portal: Portal) -> tuple[str, str, str]:
    portal.refresh_from_db()
    return portal.search_key, portal.instance_key, portal.owner_key


def test_keys_follow_every_way_of_writing(world: World) -> None:
    (portal,) = portals(world, "Ärzte")
    assert keys(portal) == ("arzte\nsite0\ncontoso", "contoso", "sylvia admon")
    Portal.objects.filter(pk=portal.pk).update(name="Bäcker")
    assert keys(portal)[0] == "backer\nsite0\ncontoso"
    portal.subdomain, portal.search_key = "other", "tampered"
    portal.save()
    assert keys(portal)[0] == "backer\nother\ncontoso"
    world.production.name = "Fabrikam"
    world.production.save()
    assert keys(portal)[:2] == ("backer\nother\nfabrikam", "fabrikam")
    User.objects.filter(portals=portal).update(display_name="")
    assert keys(portal)[2] == "system.admin@contoso.example"
    Portal.objects.filter(pk=portal.pk).update(owner=None)
    assert keys(portal)[2] == ""


# --- filters, orders, pages ---------------------------------------------------------------------------------


@pytest.fixture
def many(world: World) -> World:
    """130 portals with many equal names, phases, owners, moments."""
    Portal.objects.all().delete()
    job, people = old_job(), [world.user("system.admin"), world.user("csr"), None]
    phases = [Phase.CONFIGURED, Phase.PROVISIONING_FAILED, Phase.NOT_CONFIGURED, Phase.CONFIGURED]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = []
    for number in range(130):
        phase = phases[number % 4]
        is_new = phase is Phase.NOT_CONFIGURED
        made.append(
            Portal(
                name="" if is_new else f"{'Äbc'[number % 3]}-{number % 7}",
                subdomain="" if is_new else f"site{number % 11}",
                type="trial" if number % 5 else "production",
                phase=phase,
                packages=Packages.INSTALLED if phase is Phase.CONFIGURED else Packages.NONE,
                instance=None if is_new else (world.production if number % 3 else world.sandbox),
                owner=people[number % 3],
                provision_job=None if is_new else job,
                opened_at=start if number % 2 else None,
            )
        )
    for number, portal in enumerate(Portal.objects.bulk_create(made)):
        portal.created_at = start + timedelta(days=number % 9)
    Portal.objects.bulk_update(made, ["created_at"])
    return world


def brute(world: World, sort: str) -> list[str]:
    """All ids in that order, sorted here."""
    name, down = sort.lstrip("-"), sort.startswith("-")
    first: dict[str, Callable[[Portal], Any]] = {
        "name": lambda p: "",
        "state": lambda p: p.phase,
        "instance": lambda p: p.instance_key,
        "status": lambda p: p.opened_at is None,
        "owner": lambda p: p.owner_key,
    }

    def key(portal: Portal) -> Any:
        if name == "created":
            return (portal.created_at, portal.id)
        return (first[name](portal), portal.search_key.encode(), portal.id)

    return [str(portal.id) for portal in sorted(Portal.objects.all(), key=key, reverse=down)]


@pytest.mark.parametrize("sort", sorted(ORDERS))
@pytest.mark.parametrize("size", [13, 130])
def test_pages_in_both_directions_are_the_whole_order(
    many: World, monkeypatch: pytest.MonkeyPatch, sort: str, size: int
) -> None:
    monkeypatch.setattr(listing, "PAGE", size)
    user, expected = many.user("global.admin"), brute(many, sort)
    page = listing.page_of(user, Asked(sort=sort))
    walked = [[str(row.id) for row in page.rows]]
    last = listing.page_of(user, Asked(sort=sort, after=page.last)) if page.last else page
    while page.next:
        page = listing.page_of(user, Asked(sort=sort, after=page.next))
        walked.append([str(row.id) for row in page.rows])
    assert list(chain.from_iterable(walked)) == expected
    assert [str(row.id) for row in last.rows] == expected[-size:]
    assert not last.next
    while page.previous:
        page = listing.page_of(user, Asked(sort=sort, after=page.previous))
        walked.pop()
        assert [str(row.id) for row in page.rows] == walked[-1]
    assert len(walked) == 1


def test_pages_hold_while_rows_come_and_go(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 10)
    user, expected = many.user("global.admin"), brute(many, "name")
    first = listing.page_of(user, Asked())
    Portal.objects.filter(pk__in=expected[5:10]).delete()
    Portal.objects.create(type="trial")
    second = listing.page_of(user, Asked(after=first.next))
    assert [str(row.id) for row in second.rows] == expected[10:20]


@pytest.mark.parametrize("cursor", NONSENSE)
def test_a_nonsense_cursor_is_page_one(many: World, sign_in: SignIn, cursor: str) -> None:
    browser = sign_in("global.admin")
    first = rows(browser.get("/applications/").content.decode())
    found = rows(browser.get("/applications/", {"after": cursor}).content.decode())
    assert found == first or found == list(reversed(first)) or cursor == "WyJuYW1lIiwibiJd"
    assert len(found) == 50


def test_a_cursor_of_another_order_is_page_one(many: World) -> None:
    user = many.user("global.admin")
    after = listing.page_of(user, Asked(sort="owner")).next
    assert listing.page_of(user, Asked(sort="name", after=after)) == listing.page_of(user, Asked(sort="name"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, lambda p: True),
        ({"state": "configured"}, lambda p: p.phase == "configured"),
        ({"state": "nonsense"}, lambda p: True),
        ({"type": "trial"}, lambda p: p.type == "trial"),
        ({"type": "martian"}, lambda p: True),
        ({"instance": "sandbox"}, lambda p: p.instance_key == "contoso sandbox"),
        ({"instance": "nonsense"}, lambda p: True),
        ({"state": "provisioning-failed", "type": "trial"}, lambda p: (p.phase, p.type)[1] == "trial"),
        ({"q": "b-3", "type": "production"}, lambda p: "b-3" in p.search_key and p.type == "production"),
    ],
)
def test_filters(many: World, query: dict[str, str], expected: Callable[[Portal], bool]) -> None:
    if query.get("instance") == "sandbox":
        query = {"instance": str(many.sandbox.id)}
    found = set(listing.portals(many.user("global.admin"), Asked.from_query(query)))
    wanted = {portal for portal in Portal.objects.all() if expected(portal)}
    if "provisioning-failed" in query.values():
        wanted = {portal for portal in wanted if portal.phase == "provisioning-failed"}
    assert found == wanted


def test_the_address_of_a_page_asks_for_it_again() -> None:
    asked = Asked(q="a&b", state="configured", type="trial", sort="-owner", after="x")
    query = {name: values[0] for name, values in parse_qs(asked.query_string()).items()}
    assert Asked.from_query(query) == asked
    assert Asked().query_string() == ""


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        (0, "0 applications"),
        (1, "1 application"),
        (1000, "1,000 applications"),
        (1001, "more than 1,000 applications"),
    ],
)
def test_the_total_is_exact_up_to_a_thousand(counted: int, words: str) -> None:
    assert str(Total(counted)) == words


def test_counting_stops(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "COUNTED", 100)
    found = listing.listing(many.user("global.admin"), Asked(), now=timezone.now())
    assert found.total.counted == 101
    assert str(found.total) == "more than 100 applications"
    monkeypatch.setattr(listing, "COUNTED_OF_SEARCH", 60)
    found = listing.listing(many.user("global.admin"), Asked(q="o"), now=timezone.now())
    assert str(found.total) == "more than 60 applications"


@pytest.mark.parametrize("local", ["global.admin", "system.admin"])
@pytest.mark.parametrize("query", ["", "?q=b-", "?sort=-owner&state=configured", "?selected=x"])
def test_a_page_costs_at_most_six_queries(
    many: World,
    sign_in: SignIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    local: str,
    query: str,
) -> None:
    # Session, person, directory roles, instances, rows, count; and the roles of those who are no tenant's, in embedded
    # organizations and in others.
    browser = sign_in(local)
    with django_assert_max_num_queries(6 if local == "global.admin" else 8):
        response = browser.get(f"/applications/{query}")
    assert response.status_code == 200


def test_few_rows_need_no_count(
    world: World, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = sign_in("global.admin")
    with django_assert_max_num_queries(5):
        browser.get("/applications/")


# --- fragments ----------------------------------------------------------------------------------------------


def test_the_fragment_is_the_list_alone_and_names_the_pages_address(world: World, sign_in: SignIn) -> None:
    response = sign_in("global.admin").get("/applications/list/?q=add-on&state=&sort=name")
    html = response.content.decode()
    assert response["HX-Push-Url"] == "/applications/?q=add-on"
    assert "<html" not in html
    assert html.startswith('<div id="applications"')
    assert len(rows(html)) == 4
    assert "no-store" in response["Cache-Control"]


def test_nothing_is_polled_while_nothing_moves(world: World, sign_in: SignIn) -> None:
    portals(world, "Contoso Support")
    html = sign_in("global.admin").get("/applications/").content.decode()
    assert "every " not in html


def polled(html: str) -> str:
    found = re.search(r'id="applications"[^>]*hx-get="([^"]+)" hx-trigger="every \d+s"', html)
    assert found
    return found[1].replace("&amp;", "&")


def test_an_unchanged_poll_is_empty_and_cheap(
    world: World, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser, portal = sign_in("global.admin"), world.portal()
    world.submit(portal)
    address = polled(browser.get(f"/applications/?q=contoso&selected={portal.id}").content.decode())
    assert f"selected={portal.id}" in address
    with django_assert_max_num_queries(4):  # session, person, directory roles, rows
        response = browser.get(address)
    assert (response.status_code, response.content) == (204, b"")
    Portal.objects.filter(pk=portal.pk).update(phase=Phase.CONFIGURED, packages=Packages.INSTALLING)
    response = browser.get(address)
    html = response.content.decode()
    assert "HX-Push-Url" not in response
    assert 'id="details"' in html
    assert 'data-packages="installing"' in html
    Portal.objects.filter(pk=portal.pk).update(packages=Packages.INSTALLED)
    assert "every " not in browser.get(polled(html)).content.decode()


@pytest.mark.parametrize(("age", "interval"), [(1, 2), (60, 4), (300, 10), (4000, 30)])
def test_the_page_asks_less_often_as_the_job_grows_old(world: World, age: int, interval: int) -> None:
    job = world.submit()
    now = job.created_at + timedelta(seconds=age)
    assert listing.listing(world.user("global.admin"), Asked(), now=now).interval == interval


@pytest.mark.parametrize(
    ("phase", "packages", "moves"),
    [
        (Phase.NOT_CONFIGURED, Packages.NONE, False),
        (Phase.CONFIGURING, Packages.NONE, True),
        (Phase.CONFIGURED, Packages.INSTALLING, True),
        (Phase.CONFIGURED, Packages.INSTALLED, False),
        (Phase.CONFIGURED, Packages.INSTALL_FAILED, False),
        (Phase.PROVISIONING_FAILED, Packages.NONE, False),
    ],
)
def test_what_moves(phase: Phase, packages: Packages, moves: bool) -> None:
    assert listing.row_of(Portal(phase=phase, packages=packages)).moves is moves


# --- export -------------------------------------------------------------------------------------------------


def exported(browser: Client, **query: str) -> list[dict[str, str]]:
    response = browser.get("/applications/export.csv", query)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith("attachment; ")
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert content.startswith(b"\xef\xbb\xbf")  # or Excel takes it for another code page
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_export_is_what_the_filter_finds_in_its_order(many: World, sign_in: SignIn) -> None:
    browser = sign_in("global.admin")
    assert [row["ID"] for row in exported(browser, sort="-created")] == brute(many, "-created")
    trials = exported(browser, type="trial")
    assert {row["Type"] for row in trials} == {"Trial"}
    assert len(trials) == Portal.objects.filter(type="trial").count()


def test_the_export_tells_of_a_portal(world: World, sign_in: SignIn) -> None:
    (portal,) = portals(world, 'Ärzte, "Nord"', language=1031, template="custom")
    (row,) = exported(sign_in("global.admin"))
    assert row == {
        "Name": 'Ärzte, "Nord"',
        "State": "Configured",
        "Application type": "Custom Portal",
        "Type": "Production",
        "Instance": "Contoso",
        "Status": "Not Configured",
        "Owner": "Sylvia Admon",
        "URL": portal.url,
        "Language (LCID)": "1031",
        "Created (UTC)": f"{portal.created_at:%Y-%m-%d %H:%M:%S}",
        "ID": str(portal.id),
    }


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=HYPERLINK(1)\n"])
def test_no_cell_is_a_formula(world: World, sign_in: SignIn, name: str) -> None:
    portals(world, name)
    assert exported(sign_in("global.admin"))[0]["Name"] == "'" + name
    assert spreadsheet.harmless("a=1") == "a=1"

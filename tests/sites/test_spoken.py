"""A visitor may choose another of the organization's languages; labels come from its metadata."""

from __future__ import annotations

import pytest
from django.test import Client

from organizations.adapters.embedded import EmbeddedOrganization
from organizations.models import Label
from organizations.ports import NotFound
from tests.organizations.world import FRENCH, GERMAN
from tests.sites.conftest import MakeWorld, World
from tests.sites.html import Seen


def label(world: World, lcid: int, text: str, column: str = "LocalizedCollectionName") -> None:
    assert world.portal.instance is not None
    Label.objects.create(
        instance=world.portal.instance, component="adx_webpage", column=column, lcid=lcid, text=text
    )


def visit(world: World, tag: str) -> Seen:
    """Home as a visitor sees it who chose that language."""
    world.client.get("/", {"lang": tag})
    return Seen(world.client.get("/"))


def test_enabled_languages_are_offered_by_their_own_names(world: World) -> None:
    offered = {a["lang"]: a["href"] for a in Seen(world.client.get("/")).all("a") if "hreflang" in a}
    assert offered["fr-FR"] == "?lang=fr-FR"
    assert {"de-DE", "en-US", "es-ES"} <= offered.keys()


@pytest.mark.parametrize("tag", ["ar-SA", "he-IL", "it-IT"])
def test_arabic_hebrew_and_what_is_not_enabled_are_not_offered(world: World, tag: str) -> None:
    assert f"?lang={tag}" not in world.client.get("/").content.decode()
    assert visit(world, tag).all("summary")[0].get("lang", "en-US") == "en-US"


def test_choosing_one_leads_back_to_the_same_page_and_is_remembered(world: World) -> None:
    response = world.client.get("/contact/", {"lang": "de-DE"})
    assert (response.status_code, response["Location"]) == (302, "/contact/")
    assert response.cookies["portal_language"]["httponly"]
    assert "Hauptnavigation" in world.client.get("/contact/").content.decode()


def test_nobody_is_led_elsewhere_by_it(world: World) -> None:
    response = world.client.get("/", {"lang": "//evil.example/"})
    assert response["Location"] == "/"
    assert Seen(world.client.get("/")).all("html")[0]["lang"] == "en-US"


def test_the_labels_of_the_organization_are_shown_in_the_language(world: World) -> None:
    label(world, FRENCH, "Pages web")
    assert "Pages web" in visit(world, "fr-FR").text("h2")
    assert "Pages web" not in visit(world, "de-DE").text("h2")


def test_a_label_shows_at_once_and_so_does_its_change(world: World) -> None:
    visit(world, "fr-FR")
    label(world, FRENCH, "Pages web")
    assert "Pages web" in Seen(world.client.get("/")).text("h2")
    Label.objects.filter(lcid=FRENCH, component="adx_webpage").update(text="Rubriques")
    assert "Rubriques" in Seen(world.client.get("/")).text("h2")


def test_what_was_written_for_the_portal_stays_in_its_language_and_says_so(world: World) -> None:
    seen = visit(world, "de-DE")
    assert seen.all("html")[0]["lang"] == "en-US"
    [skip] = [a for a in seen.all("a") if a.get("class") == "skip"]
    assert skip["lang"] == "de-DE"


def test_a_german_portal_speaks_german_to_those_who_choose_nothing(make_world: MakeWorld) -> None:
    world = make_world("kontakt", language=GERMAN, content_language=GERMAN)
    seen = Seen(world.client.get("/"))
    assert seen.all("html")[0]["lang"] == "de-DE"


def test_another_browser_is_not_touched(world: World) -> None:
    visit(world, "de-DE")
    other = Client(HTTP_HOST=world.portal.host)
    assert "Hauptnavigation" not in other.get("/").content.decode()


def test_caches_are_told_that_visitors_differ(world: World) -> None:
    assert "Cookie" in world.client.get("/")["Vary"]


def test_a_page_does_not_fail_over_a_word(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> dict[str, str]:
        raise NotFound("There is no such table.")

    monkeypatch.setattr(EmbeddedOrganization, "labels", refuse)
    assert world.client.get("/").status_code == 200

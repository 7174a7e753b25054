"""Who answers at a portal's address, with which headers."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from organizations.adapters.embedded.admission import APPLICATION_ID
from organizations.models import Instance, SystemUser
from provisioning.models import Address, PortalType
from tests.sites.conftest import GERMAN, MakeWorld, World
from tests.sites.html import Seen

PATHS = ["/", "/help/", "/no-such-page/", "/theme.css", "/robots.txt", "/sitemap.xml"]


@pytest.mark.parametrize("path", PATHS)
def test_nobody_answers_at_an_unknown_address(world: World, path: str) -> None:
    response = Client(HTTP_HOST="unknown.portals.localhost").get(path)
    assert response.status_code == 404
    assert Seen(response).text("h1") == "There is no portal at this address."
    assert "X-Portal-Id" not in response
    assert "X-Portal-State" not in response
    assert world.portal.name not in response.content.decode()


def test_an_address_without_a_route_answers_like_one_that_never_was(world: World, instance: Instance) -> None:
    never = Client(HTTP_HOST="never.portals.localhost").get("/")
    Address.objects.filter(portal=world.portal).update(is_routed=False)
    assert world.client.get("/").content == never.content
    kept = Address.objects.get(portal=world.portal)
    kept.portal, kept.answered_at = None, timezone.now()
    kept.save()
    answer = world.client.get("/")
    assert (answer.status_code, answer.content) == (404, never.content)
    assert "X-Portal-Id" not in answer


@pytest.mark.parametrize(
    "host", ["a.contoso-help.portals.localhost", "-.portals.localhost", ".portals.localhost"]
)
def test_names_around_a_portals_name_are_nobodys(world: World, host: str) -> None:
    assert Client(HTTP_HOST=host).get("/").status_code in (400, 404)


@pytest.mark.parametrize("host", ["CONTOSO-HELP.Portals.LocalHost", "contoso-help.portals.localhost:8000"])
def test_case_and_port_make_no_difference(world: World, host: str) -> None:
    assert Client(HTTP_HOST=host).get("/").status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_portal_whose_packages_install_says_so(make_world: MakeWorld, path: str) -> None:
    world = make_world(samples=False, published_at=None)
    response = world.client.get(path)
    seen = Seen(response)
    assert response.status_code == 503
    assert seen.text("h1") == "Getting set up"
    assert response["Retry-After"] == "30"
    assert response["X-Portal-Id"] == str(world.portal.id)
    assert response["X-Portal-State"] == "getting-set-up"
    assert response["X-Robots-Tag"] == "noindex"
    assert {"http-equiv": "refresh", "content": "15"} in seen.all("meta")
    assert seen.all("html") == [{"lang": "en-US", "dir": "ltr"}]


def test_getting_set_up_gives_way_to_the_pages(make_world: MakeWorld) -> None:
    world = make_world(published_at=None)
    assert world.client.get("/")["X-Portal-State"] == "getting-set-up"
    world.portal.published_at = timezone.now()
    world.portal.save()
    answer = world.client.get("/")
    assert (answer.status_code, answer["X-Portal-State"]) == (200, "live")


@pytest.mark.parametrize("path", PATHS)
def test_a_portal_that_is_off_says_so_in_its_language(make_world: MakeWorld, path: str) -> None:
    world = make_world(is_on=False, language=GERMAN)
    response = world.client.get(path)
    assert response.status_code == 503
    assert response["Retry-After"] == "3600"
    assert response["X-Portal-Id"] == str(world.portal.id)
    assert response["X-Portal-State"] == "off"
    assert response["Cache-Control"] == "no-store"
    assert Seen(response).text("h1") == "Diese Website ist ausgeschaltet"
    assert Seen(response).all("html") == [{"lang": "de-DE", "dir": "ltr"}]


def test_off_is_said_of_an_unfinished_portal_too(make_world: MakeWorld) -> None:
    assert make_world(is_on=False, published_at=None).client.get("/")["X-Portal-State"] == "off"


def test_words_that_we_lack_are_english_and_are_marked_as_such(make_world: MakeWorld) -> None:
    response = make_world(is_on=False, language=1045).client.get("/")
    assert Seen(response).text("h1") == "This site is switched off"
    assert Seen(response).all("html") == [{"lang": "en-US", "dir": "ltr"}]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_of_a_live_portal_names_it(world: World, path: str) -> None:
    response = world.client.get(path)
    assert response["X-Portal-Id"] == str(world.portal.id)
    assert response["X-Portal-State"] == "live"
    assert not response.cookies


@pytest.mark.parametrize("path", ["/", "/help/", "/theme.css", "/sitemap.xml"])
def test_an_organization_that_is_away_makes_a_pause(world: World, instance: Instance, path: str) -> None:
    instance.state = Instance.State.DISABLED
    instance.save()
    response = world.client.get(path)
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert response["X-Portal-State"] == "live"
    assert "administration" not in response.content.decode()


def test_an_organization_that_lets_us_in_no_more_makes_a_pause(world: World, instance: Instance) -> None:
    SystemUser.objects.filter(instance=instance, application_id=APPLICATION_ID).update(disabled=True)
    response = world.client.get("/")
    assert response.status_code == 503
    assert "Retry-After" in response
    assert Seen(response).text("h1") == "We are not quite there"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("path", ["/", "/help/", "/no-such-page/", "/theme.css"])
def test_nothing_can_be_sent_to_a_portal(world: World, method: str, path: str) -> None:
    browser = Client(enforce_csrf_checks=True, HTTP_HOST=world.portal.host)
    response = getattr(browser, method)(path)
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert response["X-Portal-State"] == "live"


@pytest.mark.parametrize("path", PATHS)
def test_head_tells_what_get_does_without_a_body(world: World, path: str) -> None:
    got, head = world.client.get(path), world.client.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    assert head["X-Portal-Id"] == got["X-Portal-Id"]
    assert head["Content-Type"] == got["Content-Type"]


def test_one_portal_shows_nothing_of_another_in_the_same_organization(
    world: World, make_world: MakeWorld
) -> None:
    other = make_world("other-portal", name="Other", website_id=uuid.uuid4())
    world.add_page("internal")
    assert world.client.get("/internal/").status_code == 200
    assert other.client.get("/internal/").status_code == 404


def test_search_engines_are_led_to_production_only(make_world: MakeWorld) -> None:
    live, trial = make_world("live-one"), make_world("trial-one", type=PortalType.TRIAL)
    assert "X-Robots-Tag" not in live.client.get("/")
    assert live.client.get("/no-such-page/")["X-Robots-Tag"] == "noindex"
    assert trial.client.get("/")["X-Robots-Tag"] == "noindex"
    assert trial.client.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"
    assert live.client.get("/robots.txt").content == (
        b"User-agent: *\nDisallow:\nSitemap: http://live-one.portals.localhost/sitemap.xml\n"
    )


def test_a_portal_that_is_not_ready_is_no_error_in_the_log(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(published_at=None)
    world.client.get("/")
    assert caplog.records == []

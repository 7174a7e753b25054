"""Which language the admin center speaks to whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts import formats
from accounts.language import spoken
from accounts.models import User
from provisioning.names import NameRefused

pytestmark = pytest.mark.django_db

SIGN_IN = {
    "en": "Sign in",
    "de": "Anmelden",
    "fr": "Se connecter",
    "es": "Iniciar sesión",
    "ar": "تسجيل الدخول",
}


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_HOST="localhost")


def spoken_by(response: Any) -> str:
    html = response.content.decode()
    return str(html.partition('<html lang="')[2].partition('"')[0])


@pytest.mark.parametrize("code", SIGN_IN)
def test_the_browser_is_asked_first_of_all(browser: Client, code: str) -> None:
    response = browser.get("/accounts/login/", headers={"Accept-Language": f"{code};q=0.9, tlh"})
    html = response.content.decode()
    assert spoken_by(response) == code
    assert f'dir="{"rtl" if code == "ar" else "ltr"}"' in html
    assert ("bootstrap.rtl.min.css" in html) == (code == "ar")
    assert f'<h1 class="h3 mb-4">{SIGN_IN[code]}</h1>' in html
    assert response["Content-Language"] == code
    assert {"Accept-Language", "Cookie"} <= {part.strip() for part in response["Vary"].split(",")}


@pytest.mark.parametrize(
    ("asked", "code"),
    [("de-AT", "de"), ("fr-CA, en", "fr"), ("nl, es;q=0.5", "es"), ("nl", "en"), ("", "en")],
)
def test_what_the_browser_asks_is_met_as_well_as_can_be(browser: Client, asked: str, code: str) -> None:
    assert spoken_by(browser.get("/accounts/login/", headers={"Accept-Language": asked})) == code


def test_the_profile_comes_before_the_cookie_and_that_before_the_browser(
    browser: Client, global_admin: User
) -> None:
    browser.post("/accounts/language/", {"language": "fr"})
    assert spoken_by(browser.get("/accounts/login/", headers={"Accept-Language": "de"})) == "fr"
    browser.force_login(global_admin)
    assert spoken_by(browser.get("/applications/", headers={"Accept-Language": "de"})) == "fr"
    User.objects.filter(pk=global_admin.pk).update(language="ar")
    assert spoken_by(browser.get("/applications/", headers={"Accept-Language": "de"})) == "ar"
    browser.post("/accounts/language/", {"language": ""})
    assert spoken_by(browser.get("/applications/", headers={"Accept-Language": "de"})) == "de"
    assert User.objects.get(pk=global_admin.pk).language == ""


def test_the_choice_is_kept_in_the_profile_and_goes_with_the_person(
    browser: Client, global_admin: User
) -> None:
    browser.force_login(global_admin)
    response = browser.post("/accounts/language/", {"language": "es", "next": "/applications/?q=a"})
    assert (response.status_code, response.headers["Location"]) == (302, "/applications/?q=a")
    elsewhere = Client(HTTP_HOST="localhost")
    elsewhere.force_login(global_admin)
    page = elsewhere.get("/applications/")
    assert spoken_by(page) == "es"
    assert '<option value="es" lang="es" dir="auto" selected>Español</option>' in page.content.decode()


def test_a_language_that_there_is_not_changes_nothing(browser: Client, global_admin: User) -> None:
    browser.force_login(global_admin)
    response = browser.post("/accounts/language/", {"language": "tlh"})
    assert response.status_code == 302
    assert "admin_language" not in response.cookies
    assert User.objects.get(pk=global_admin.pk).language == ""
    User.objects.filter(pk=global_admin.pk).update(language="tlh")
    assert spoken_by(browser.get("/applications/")) == "en"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "x"]
)
def test_choosing_leads_to_no_other_site(browser: Client, target: str) -> None:
    response = browser.post("/accounts/language/", {"language": "de", "next": target})
    assert response.headers["Location"] == "/"


def test_choosing_takes_a_form_of_ours() -> None:
    browser = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    response = browser.post("/accounts/language/", {"language": "de"}, headers={"Accept-Language": "fr"})
    assert response.status_code == 403
    assert spoken_by(response) == "fr"
    assert "admin_language" not in response.cookies


def test_fragments_and_refusals_speak_it_too(browser: Client, nobody: User) -> None:
    User.objects.filter(pk=nobody.pk).update(language="de")
    browser.force_login(nobody)
    assert "Seite nicht gefunden" in browser.get("/nothing/").content.decode()
    refused = browser.get("/applications/add/")
    assert refused.status_code == 403
    assert "Nur ein globaler Administrator kann Anwendungen hinzufügen." in refused.content.decode()


def test_a_portal_speaks_the_language_of_its_content(client: Client) -> None:
    answer = client.get("/", HTTP_HOST="help.portals.localhost", headers={"Accept-Language": "ar"})
    assert answer.headers.get("Content-Language") != "ar"
    assert 'dir="rtl"' not in answer.content.decode()


def test_health_has_no_language(browser: Client) -> None:
    answer = browser.get("/healthz", headers={"Accept-Language": "de"})
    assert "Content-Language" not in answer.headers
    assert "Accept-Language" not in answer.headers.get("Vary", "")


@pytest.mark.parametrize(
    ("code", "moment", "number", "seconds"),
    [
        ("en", "Nov 5, 2026, 2:03:04\u202fPM UTC", "1,234.5", "1.3 s"),
        ("de", "05.11.2026, 14:03:04 UTC", "1.234,5", "1,3 s"),
        ("fr", "5 nov. 2026, 14:03:04 UTC", "1\u202f234,5", "1,3 s"),
        ("es", "5 nov 2026, 14:03:04 UTC", "1.234,5", "1,3 s"),
    ],
)
def test_times_and_numbers_are_written_as_the_reader_does(
    code: str, moment: str, number: str, seconds: str
) -> None:
    with translation.override(code):
        assert formats.moment(datetime(2026, 11, 5, 14, 3, 4, tzinfo=UTC)) == moment
        assert formats.number(1234.5) == number
        assert formats.seconds(1.25) in {seconds, seconds.replace("3", "2")}


def test_a_refusal_is_english_as_a_string_and_translated_where_it_is_shown() -> None:
    error = NameRefused(
        "name_too_long", "A name has at most %(most)s characters; this one has %(number)s.", most=1, number=2
    )
    assert str(error) == "A name has at most 1 characters; this one has 2."
    with translation.override("de"):
        assert spoken(error) == "Ein Name hat höchstens 1 Zeichen; dieser hat 2."

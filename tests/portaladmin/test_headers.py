"""A test for each header that protects pages, on every kind of answer; and for the cookies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.conf import settings as settings_of_this_run
from django.test import Client

from accounts.models import User
from provisioning import listing
from provisioning.models import Portal

pytestmark = pytest.mark.django_db

EXACT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
FORBIDDEN = ("camera", "geolocation", "microphone", "payment", "usb")


def signed_in(person: User) -> Client:
    client = Client(HTTP_HOST="localhost", raise_request_exception=False)
    client.force_login(person)
    return client


def failing(browser: Client, monkeypatch: pytest.MonkeyPatch) -> Any:
    def fail(*args: Any, **options: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(listing, "listing", fail)
    return browser.get("/applications/")


def unchanged(browser: Client, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(listing, "unchanged", lambda *args, **options: True)
    return browser.get("/applications/list/?seen=x")


Ask = Callable[[Client, pytest.MonkeyPatch], Any]
# Status and how to get such an answer.
ANSWERS: dict[str, tuple[int, Ask]] = {
    "a page": (200, lambda browser, _: browser.get("/applications/")),
    "a fragment that is up to date": (204, unchanged),
    "a file": (200, lambda browser, _: browser.get("/applications/export.csv")),
    "a redirect": (302, lambda browser, _: browser.get("/")),
    "the sign-in page": (200, lambda browser, _: Client(HTTP_HOST="localhost").get("/accounts/login/")),
    "a bad request": (400, lambda browser, _: browser.get("/applications/?q=%00")),
    "what is not there": (404, lambda browser, _: browser.get("/nothing/")),
    "a wrong method": (405, lambda browser, _: browser.post("/applications/")),
    "a body too large": (413, lambda browser, _: browser.post("/", {}, CONTENT_LENGTH=10**12)),
    "a failure": (500, failing),
    "a portal's page": (404, lambda browser, _: Client(HTTP_HOST="help.portals.localhost").get("/")),
}


@pytest.fixture(params=ANSWERS)
def answer(request: pytest.FixtureRequest, global_admin: User, monkeypatch: pytest.MonkeyPatch) -> Any:
    Portal.objects.create(type="trial")
    status, ask = ANSWERS[request.param]
    response = ask(signed_in(global_admin), monkeypatch)
    assert response.status_code == status
    return response


@pytest.mark.parametrize("header", EXACT)
def test_a_header(answer: Any, header: str) -> None:
    assert answer[header] == EXACT[header]


def test_the_content_security_policy_allows_our_own_files_and_nothing_inline(answer: Any) -> None:
    directives = dict(
        part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";")
    )
    assert directives.keys() >= DIRECTIVES.keys()
    for name, sources in DIRECTIVES.items():
        assert set(directives[name].split()) == set(sources.split()), name
    for word in ("unsafe", "nonce-", "sha256-", "http:", "https:", "*"):
        assert word not in answer["Content-Security-Policy"]


def test_nothing_may_use_what_a_device_has(answer: Any) -> None:
    for feature in FORBIDDEN:
        assert f"{feature}=()" in answer["Permissions-Policy"]


@pytest.mark.parametrize("path", ["/applications/", "/accounts/login/", "/nothing/"])
def test_no_page_is_framed(global_admin: User, path: str) -> None:
    assert signed_in(global_admin).get(path)["X-Frame-Options"] == "DENY"


def test_over_https_browsers_stay_there(settings: LazySettings) -> None:
    settings.SECURE_HSTS_SECONDS = 365 * 86400
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    response = Client(HTTP_HOST="localhost").get("/accounts/login/", secure=True)
    assert response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_plain_http_is_led_to_https_where_that_is_ours(settings: LazySettings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = Client(HTTP_HOST="localhost").get("/accounts/login/")
    assert (response.status_code, response["Location"]) == (301, "https://localhost/accounts/login/")


@pytest.mark.parametrize(("scheme", "prefix"), [("http", ""), ("https", "__Host-")])
def test_over_https_no_other_host_can_plant_our_cookies(scheme: str, prefix: str) -> None:
    names = "SESSION_COOKIE_NAME", "PORTAL_SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"
    code = f"from portaladmin import settings; print(*(getattr(settings, name) for name in {names}))"
    environ = {**os.environ, "ADMIN_URL": f"{scheme}://admin.example.com"}
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings_of_this_run.BASE_DIR,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == [
        f"{prefix}{name}" for name in ("admin_session", "portal_session", "csrftoken")
    ]


def test_cookies_are_for_our_pages_alone(settings: LazySettings, global_admin: User) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    browser = Client(HTTP_HOST="localhost")
    browser.get("/accounts/login/")
    browser.post(
        "/accounts/login/", {"login": global_admin.email, "password": "correct horse battery"}, secure=True
    )
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = browser.cookies[name]
        assert cookie["httponly"], name
        assert cookie["secure"], name
        assert cookie["samesite"] == "Lax", name
        assert not cookie["domain"], name

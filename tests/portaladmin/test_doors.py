"""No page answers a stranger, no host that is not ours is served, and every answer carries its policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User

pytestmark = pytest.mark.django_db

OPEN = {"healthz", "readyz", "accounts/login/", "accounts/logout/", "accounts/language/"}


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern, route)


ROUTES = sorted(routes(get_resolver("portaladmin.urls")))


def filled(route: str) -> str:
    path = "/" + route
    while "<uuid:" in path:
        start, end = path.index("<uuid:"), path.index(">") + 1
        path = path[:start] + str(uuid4()) + path[end:]
    assert "<" not in path, f"the test does not know how to fill {route}"
    return path


@pytest.fixture
def stranger() -> Client:
    return Client(HTTP_HOST="localhost")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_led_to_the_sign_in_page(stranger: Client, route: str, method: str) -> None:
    response = getattr(stranger, method)(filled(route))
    if route in OPEN:
        assert response.status_code in {200, 302, 405, 503}
    else:
        assert response.status_code == 302
        assert response.url.startswith("/accounts/login/?next=/")


def test_the_walk_found_the_pages() -> None:
    assert len(ROUTES) > 20
    assert set(ROUTES) >= OPEN


def test_htmx_is_led_there_with_the_whole_page(stranger: Client) -> None:
    response = stranger.get(
        f"/jobs/{uuid4()}/status/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/portals/1/?a=b"},
    )
    assert response["HX-Redirect"] == "/accounts/login/?next=%2Fportals%2F1%2F%3Fa%3Db"


def test_nobody_signs_up(stranger: Client) -> None:
    assert stranger.get("/accounts/signup/").status_code == 404


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/applications/", "/static/shell/app.css"])
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "xn--nxasmq6b.example", "portals.localhost"]
)
def test_a_host_that_is_not_ours_gets_nothing(host: str, path: str) -> None:
    response = Client(HTTP_HOST=host).get(path)
    assert response.status_code == 421
    assert b"not served here" in response.content


@pytest.mark.parametrize("host", ["loc alhost", "a_b", "<script>"])
def test_what_is_no_host_at_all_is_a_bad_request(host: str) -> None:
    assert Client(HTTP_HOST=host).get("/").status_code == 400


def test_health_is_told_on_any_host() -> None:
    assert Client(HTTP_HOST="10.0.0.7:8000").get("/healthz").json() == {"status": "ok"}


def test_ready_names_what_is_missing(stranger: Client) -> None:
    response = stranger.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "database": "ok", "broker": "ok", "worker": "missing"}


def test_a_portals_host_has_no_page_of_the_admin_center(global_admin: User) -> None:
    browser = Client(HTTP_HOST="help.portals.localhost")
    browser.force_login(global_admin)
    for path in ("/applications/", "/accounts/login/", "/instances/"):
        assert browser.get(path).status_code == 404


def assert_policies(response: Any) -> None:
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]


@pytest.mark.parametrize("host", ["localhost", "help.portals.localhost"])
def test_every_answer_carries_its_policies(host: str) -> None:
    assert_policies(Client(HTTP_HOST=host).get("/accounts/login/"))


def test_no_page_has_inline_scripts_or_styles(stranger: Client, global_admin: User) -> None:
    stranger.force_login(global_admin)
    for path in ("/accounts/login/", "/applications/", "/applications/add/", "/instances/", "/nothing/"):
        html = stranger.get(path).content.decode()
        assert "<style" not in html
        assert " style=" not in html
        assert " onclick=" not in html
        assert "<script>" not in html


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(stranger: Client, global_admin: User, target: str) -> None:
    response = stranger.post(
        "/accounts/login/", {"login": global_admin.email, "password": "correct horse battery", "next": target}
    )
    assert response.status_code == 302
    assert response["Location"] == "/"


def test_a_wrong_password_is_refused_and_after_some_tries_everything_is(
    stranger: Client, global_admin: User
) -> None:
    for _ in range(5):
        response = stranger.post("/accounts/login/", {"login": global_admin.email, "password": "wrong"})
        assert response.status_code == 200
        assert b"sign_in_refused" in response.content
    response = stranger.post(
        "/accounts/login/", {"login": global_admin.email, "password": "correct horse battery"}
    )
    assert response.status_code == 200
    assert b"Too many failed login attempts" in response.content


def test_a_form_without_its_token_changes_nothing(global_admin: User) -> None:
    browser = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    browser.force_login(global_admin)
    response = browser.post("/applications/add/", {"type": "trial"})
    assert response.status_code == 403
    assert b"Nothing was changed" in response.content


@pytest.mark.parametrize("path", ["/applications/?q=%00", "/applications/?%00=x"])
def test_a_character_that_no_database_keeps_is_a_bad_request(
    stranger: Client, global_admin: User, path: str
) -> None:
    stranger.force_login(global_admin)
    assert stranger.get(path).status_code == 400


def test_it_is_one_in_a_form_too(stranger: Client, global_admin: User) -> None:
    stranger.force_login(global_admin)
    assert stranger.post("/applications/add/", {"type": "tri\x00al"}).status_code == 400


def test_an_account_that_is_switched_off_is_told_so(stranger: Client, nobody: User) -> None:
    User.objects.filter(pk=nobody.pk).update(is_active=False)
    sent = {"login": nobody.email, "password": "correct horse battery"}
    response = stranger.post("/accounts/login/", sent, follow=True)
    assert b"This account is switched off." in response.content
    assert stranger.get("/applications/").status_code == 302


def test_signing_out_asks_in_a_page_of_ours(stranger: Client, global_admin: User) -> None:
    stranger.force_login(global_admin)
    assert b"Administration Center" in stranger.get("/accounts/logout/").content
    stranger.post("/accounts/logout/")
    assert stranger.get("/applications/").status_code == 302

"""A portal at its custom domain: over HTTPS only, with one address that its pages name, and at no more cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.sessions import HostSessionMiddleware
from domains.models import Certificate, CustomDomain
from domains.states import DomainState
from portaladmin.hosts import HostRoutingMiddleware
from provisioning.models import Address
from tests.domains.authority import Issued, authority
from tests.domains.serving import served
from tests.sites.conftest import World, instance, make_world, world
from tests.sites.test_views import PAGE_QUERIES

__all__ = ["instance", "make_world", "world"]

HOST = "www.contoso.com"
HSTS = "Strict-Transport-Security"


@pytest.fixture(scope="module")
def issuer() -> Issued:
    return authority()


@pytest.fixture
def domain(world: World, issuer: Issued) -> CustomDomain:
    leaf = issuer.issue(HOST, [HOST]).certificate
    certificate = Certificate(
        instance=world.portal.instance,
        subject=HOST,
        names=[HOST],
        issuer="Contoso Test Root",
        serial="1",
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        ends_at=leaf.not_valid_after_utc,
        fingerprint="0" * 64,
        thumbprint="0" * 40,
        chain="",
        is_trusted=True,
    )
    certificate.seal_key("")
    certificate.save()
    return served(world.portal, certificate, HOST)


@pytest.fixture
def browser(domain: CustomDomain) -> Client:
    """One at the custom domain."""
    return Client(HTTP_HOST=HOST)


def test_the_portal_answers_with_as_few_queries_as_at_its_base_url(
    browser: Client, world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(PAGE_QUERIES):
        response = browser.get("/", secure=True)
    assert response.status_code == 200
    assert response["X-Portal-Id"] == str(world.portal.id)
    with django_assert_max_num_queries(PAGE_QUERIES):
        assert world.client.get("/").status_code == 200


def test_plain_http_leads_to_https_and_keeps_the_path(browser: Client, settings: LazySettings) -> None:
    settings.CUSTOM_DOMAIN_PORT = "8443"
    response = browser.get("/contact/?a=1&b=%2F")
    assert (response.status_code, response["Location"]) == (301, f"https://{HOST}:8443/contact/?a=1&b=%2F")
    # Not out of here, whatever the path looks like.
    outside = browser.get("/", PATH_INFO="//evil.example/x")
    assert outside["Location"] == f"https://{HOST}:8443/evil.example/x"


def test_it_is_redirected_for_good_only_once_it_was_seen_to_work(
    browser: Client, domain: CustomDomain
) -> None:
    CustomDomain.objects.update(state=DomainState.PUBLISHING, bound_at=None)
    assert browser.get("/").status_code == 302


def test_pages_name_the_custom_domain_as_their_address_on_both_hosts(
    browser: Client, world: World, settings: LazySettings
) -> None:
    settings.CUSTOM_DOMAIN_PORT = ""
    wanted = f'<link rel="canonical" href="https://{HOST}/contact/">'
    assert wanted in browser.get("/contact/", secure=True).text
    assert wanted in world.client.get("/contact/").text


def test_before_it_is_bound_they_name_the_base_url(world: World, domain: CustomDomain) -> None:
    CustomDomain.objects.update(state=DomainState.PUBLISHING, bound_at=None)
    assert f'<link rel="canonical" href="{world.portal.url}contact/">' in world.client.get("/contact/").text


def test_hsts_is_for_certificates_that_browsers_trust_and_for_the_host_alone(browser: Client) -> None:
    assert browser.get("/", secure=True)[HSTS] == "max-age=31536000"
    Certificate.objects.update(is_trusted=False)
    assert HSTS not in browser.get("/", secure=True)


def test_the_admin_centers_own_promise_is_not_made_for_customers(
    browser: Client, settings: LazySettings
) -> None:
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 1000, True
    Certificate.objects.update(is_trusted=False)
    browser = Client(HTTP_HOST=HOST)  # the middleware reads its settings once
    assert HSTS not in browser.get("/", secure=True)


def test_what_is_not_served_any_more_is_misdirected(browser: Client) -> None:
    CustomDomain.objects.update(published_at=None, state=DomainState.REMOVING)
    assert browser.get("/", secure=True).status_code == 421
    assert browser.get("/").status_code == 421


def test_while_the_portal_is_reset_nobody_is_there(browser: Client) -> None:
    Address.objects.update(is_routed=False)
    response = browser.get("/", secure=True)
    assert response.status_code == 404
    assert "X-Portal-Id" not in response


@pytest.mark.parametrize(
    "host",
    ["other.contoso.com", "contoso.com", "x.www.contoso.com", "x" * 300, "-", "1.2.3.4", "[::2]", "a_b.c"],
)
def test_other_hosts_are_misdirected(browser: Client, host: str) -> None:
    assert Client(HTTP_HOST=host).get("/", secure=True).status_code in {400, 421}


def test_no_cookie_is_set_for_more_than_the_host(browser: Client) -> None:
    for path in ("/", "/contact/", "/nowhere/", "/accounts/login/"):
        response = browser.get(path, secure=True)
        assert all(not cookie["domain"] for cookie in response.cookies.values())
        assert "admin_session" not in response.cookies


@pytest.mark.parametrize("place", ["custom domain", "base URL"])
@pytest.mark.parametrize("cookie", ["admin_session", "portal_session"])
def test_an_admin_session_is_nobodys_where_a_portal_is(
    domain: CustomDomain, world: World, global_admin: User, place: str, cookie: str
) -> None:
    admin = Client(HTTP_HOST="localhost")
    admin.force_login(global_admin)
    assert admin.get("/applications/").status_code == 200
    seen: list[HttpRequest] = []

    def page(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        request.session["planted"] = True
        return HttpResponse()

    host = HOST if place == "custom domain" else world.portal.host
    factory = RequestFactory(HTTP_HOST=host)
    factory.cookies[cookie] = admin.cookies["admin_session"].value
    sessions = cast("Callable[[HttpRequest], HttpResponse]", HostSessionMiddleware(page))
    answer = HostRoutingMiddleware(sessions)(factory.get("/", secure=True))
    assert "_auth_user_id" not in seen[0].session
    # Nor does it change what the admin center knows, or get a cookie.
    assert not answer.cookies
    assert "planted" not in admin.session
    assert admin.get("/applications/").status_code == 200


def test_the_admin_center_is_not_at_a_custom_domain(browser: Client) -> None:
    assert browser.get("/accounts/login/", secure=True).status_code == 404
    assert browser.get("/jobs/", secure=True).status_code == 404

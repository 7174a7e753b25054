"""The main job of the product as a person does it: from signing in to the portal's home page."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser import scenes
from tests.browser.conftest import Stack, Visit, Visitor
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.stack]

Picture = Callable[[Visitor, str], None]


class HomePage(threading.Thread):
    """Asks for a portal's home page again and again, beside the browser, and notes when it first answered."""

    def __init__(self, stack: Stack, subdomain: str) -> None:
        super().__init__(daemon=True)
        self.address = f"http://127.0.0.1:{stack.port}/"
        self.host = f"{subdomain}.portals.localhost:{stack.port}"
        self.answered_at = 0.0

    def run(self) -> None:
        with httpx.Client(trust_env=False, headers={"Host": self.host}) as client:

            def live() -> bool:
                return bool(client.get(self.address).headers.get("X-Portal-State") == "live")

            until(live, what="the home page")
            self.answered_at = time.monotonic()


def choose(visitor: Visitor, *, name: str, subdomain: str, javascript: bool, kind: str) -> None:
    """Fill in Configure Your Portal."""
    page = visitor.page
    page.get_by_label("Name").fill(name)
    page.get_by_label("Portal URL").fill(subdomain)
    page.get_by_label("Dynamics 365 Instance").select_option(label="Contoso")
    if not javascript:
        page.get_by_role("button", name="Show the languages and administrators").click()
    page.get_by_label("Select Portal Language").select_option(label="German (Germany)")
    page.get_by_label("Select Portal Administrator").select_option(label="Sylvia Admon")
    page.get_by_label("Customer", exact=True).check()
    if not javascript:
        page.get_by_role("button", name="Show the portals for this audience").click()
    page.get_by_label(f"Dynamics 365 Portals - {kind}").check()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_from_sign_in_to_the_portals_home_page(
    visit: Visit, picture: Picture, capsys: pytest.CaptureFixture[str], javascript: bool
) -> None:
    visitor, name = visit(javascript=javascript), "Contoso Support" if javascript else "Contoso Plain"
    subdomain, kind = (
        name.lower().replace(" ", ""),
        "Customer Self-Service Portal" if javascript else "Custom Portal",
    )
    page, shown = visitor.page, picture if javascript else (lambda visitor, name: None)

    visitor.sign_in("system.admin")
    shown(visitor, "applications-first")
    add_on = page.locator("tr", has_text="Portal Add-On").first
    portal_id = add_on.get_attribute("data-portal")
    add_on.get_by_role("link", name="Manage").click()
    choose(visitor, name=name, subdomain=subdomain, javascript=javascript, kind=kind)
    shown(visitor, "configure")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Terms of Service")).to_be_visible()
    shown(visitor, "terms")

    home = HomePage(visitor.stack, subdomain)
    home.start()
    began = time.monotonic()
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url(f"**/portals/{portal_id}/**")  # watching it, or past that already
    shown(visitor, "configuring")
    home.join(timeout=30)
    with capsys.disabled():
        taken = home.answered_at - began
        print(f"\n  Accept to a home page that answers: {taken:.2f} s")  # noqa: T201 - a figure for people

    _until_details(visitor, portal_id or "", javascript=javascript)
    shown(visitor, "details")
    page.get_by_role("link", name="Applications").click()
    row = page.locator(f'tr[data-portal="{portal_id}"]')
    expect(row).to_have_attribute("data-state", "configured")
    expect(row).to_have_attribute("data-packages", "installed")
    expect(row).to_contain_text(name)
    shown(visitor, "applications")

    if javascript:
        page.get_by_role("link", name="Instances", exact=True).click()
        page.get_by_role("link", name="Contoso", exact=True).click()
        expect(page.get_by_role("complementary")).to_contain_text("German (Germany)")
        picture(visitor, "instances")

    page.goto(visitor.stack.portal_url(subdomain))
    expect(page.locator("html")).to_have_attribute("lang", re.compile("^de"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    shown(visitor, "portal")
    assert visitor.complaints == []


def _until_details(visitor: Visitor, portal_id: str, *, javascript: bool) -> None:
    """The page leads to Portal Details by itself; without JavaScript a person presses Refresh."""
    page, details = visitor.page, f"**/portals/{portal_id}/details/"
    if javascript:
        page.wait_for_url(details)
        expect(page.get_by_text("package installation is still in progress")).to_have_count(0)
        return

    def arrived() -> bool:
        page.get_by_role("link", name="Refresh").click()
        return "/details/" in page.url

    if "/details/" not in page.url:
        until(arrived, what="Portal Details")
    page.wait_for_url(details)
    page.goto(page.url)


def test_a_person_without_a_role_sees_what_to_do(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in("nobody")
    expect(visitor.page.get_by_text("There are no applications that you may manage.")).to_be_visible()


def test_the_form_says_what_is_wrong_and_keeps_what_was_entered(visit: Visit, picture: Picture) -> None:
    visitor = visit()
    visitor.sign_in("global.admin")
    page = visitor.page
    page.locator("tr", has_text="Portal Add-On").last.get_by_role("link", name="Manage").click()
    page.get_by_label("Name").fill("Kept")
    page.get_by_label("Portal URL").fill("www")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator('[data-error-code="subdomain_reserved"]')).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Kept")
    picture(visitor, "configure-refused")


def test_an_expired_session_leads_the_whole_page_to_sign_in(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in("global.admin")
    page = visitor.page
    page.locator("tr", has_text="Portal Add-On").last.get_by_role("link", name="Manage").click()
    page.context.clear_cookies()
    page.get_by_label("Partner").dispatch_event("click")  # htmx asks for the kinds of portals
    page.wait_for_url("**/accounts/login/?next=*")


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_a_portal_is_reset_from_its_actions(visit: Visit, picture: Picture, javascript: bool) -> None:
    visitor, subdomain = visit(javascript=javascript), "resetwith" if javascript else "resetwithout"
    page = visitor.page
    visitor.sign_in("global.admin")
    portal_id = _provision(visitor, subdomain, javascript=javascript)
    page.get_by_role("link", name="Portal Actions").click()
    if javascript:
        picture(visitor, "actions")
    page.get_by_role("link", name="Reset Portal").click()
    expect(page.get_by_text("Do you want to reset this portal?")).to_be_visible()
    if javascript:
        picture(visitor, "reset")
    page.get_by_role("button", name="Reset", exact=True).click()

    def over() -> bool:
        page.goto(f"{visitor.stack.url}/portals/{portal_id}/")
        return page.get_by_text("This portal was reset.").count() > 0

    until(over, what="the reset")
    if javascript:
        picture(visitor, "was-reset")
    page.goto(visitor.stack.portal_url(subdomain))
    expect(page.get_by_text("There is no portal at this address.")).to_be_visible()
    assert [text for text in visitor.complaints if "404" not in text] == []


def _provision(visitor: Visitor, subdomain: str, *, javascript: bool) -> str:
    """One more add-on, provisioned; its id. The page is at Portal Details then, with the packages installed."""
    page = visitor.page
    page.goto(f"{visitor.stack.url}/portals/{scenes.add_on(visitor)}/configure/")
    kind = "Customer Self-Service Portal"
    choose(visitor, name=subdomain.title(), subdomain=subdomain, javascript=javascript, kind=kind)
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url("**/portals/*/**")
    portal_id = page.url.split("/portals/")[1].split("/")[0]

    def installed() -> bool:
        page.goto(f"{visitor.stack.url}/portals/{portal_id}/details/")
        return page.locator('[data-packages="installed"]').count() > 0

    until(installed, what="the packages")
    return portal_id

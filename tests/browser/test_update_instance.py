"""An organization gets another URL: its portal is out of reach, an update fails, is put right, visitors are back."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser import scenes
from tests.browser.conftest import Stack, Visit, Visitor
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.stack]

ELSEWHERE = "https://contoso.crm.localhost"


def address(name: str) -> str:
    return f"https://{name}.crm.localhost"


def home(stack: Stack, subdomain: str) -> int:
    headers = {"Host": f"{subdomain}.portals.localhost:{stack.port}"}
    return httpx.get(f"http://127.0.0.1:{stack.port}/", headers=headers, trust_env=False).status_code


def rename(visitor: Visitor, name: str) -> None:
    """Change the sandbox's URL on its page, by the link that leads there."""
    page = visitor.page
    page.goto(f"{visitor.stack.url}/instances/")
    path = page.get_by_role("link", name="Contoso Sandbox", exact=True).first.get_attribute("href") or ""
    identifier = path.rstrip("/").rpartition("/")[2].rpartition("selected=")[2]
    page.goto(f"{visitor.stack.url}/instances/{identifier}/")
    page.get_by_role("link", name="Change the URL").click()
    page.get_by_label("Organization’s URL").fill(name)
    page.get_by_role("button", name="Change the URL").click()
    expect(page.get_by_text(f"The organization answers at {address(name)} now.")).to_be_visible()


def check(visitor: Visitor, url: str) -> None:
    visitor.page.get_by_label("New Dynamics 365 URL").fill(url)
    visitor.page.get_by_role("button", name="Check").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_a_portal_follows_its_organization_to_another_url(visit: Visit, javascript: bool) -> None:
    visitor, word = visit(javascript=javascript), "quick" if javascript else "plain"
    page, stack, subdomain = visitor.page, visitor.stack, f"moved{word}"
    new, nowhere = f"contoso-{word}", f"contoso-no{word}"
    visitor.sign_in("global.admin")
    portal = scenes.provisioned(
        visitor,
        name=f"Moved {word}",
        subdomain=subdomain,
        instance="Contoso Sandbox",
        javascript=javascript,
    )
    assert home(stack, subdomain) == 200

    rename(visitor, new)
    assert home(stack, subdomain) == 503
    row = page.locator('tr[data-reaches="no"]', has_text=f"Moved {word}")
    row.get_by_role("link", name="Update Dynamics 365 URL").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Manage Dynamics 365 Instance")
    expect(page.get_by_label("New Dynamics 365 URL")).to_have_value(address(new))

    # Another organization is refused before anything changes.
    check(visitor, ELSEWHERE)
    expect(page.locator('[data-error-code="other_organization"]')).to_be_visible()

    # A URL at which nobody answers: it is said, and the update that was begun all the same fails.
    check(visitor, address(nowhere))
    expect(page.locator('[data-question="unreachable"]')).to_contain_text("No organization answers")
    page.get_by_role("button", name="Update", exact=True).click()
    scenes.await_phase(visitor, portal, "instance-update-failed")
    expect(page.get_by_role("alert").first).to_contain_text(
        "A problem occurred while updating the Dynamics 365 URL"
    )
    expect(page.locator('[data-error-code="no_organization"]')).to_contain_text("Error ID:")
    expect(page.get_by_role("link", name="Reset Portal")).to_be_visible()
    page.get_by_role("button", name="Restart").click()
    scenes.await_phase(visitor, portal, "instance-update-failed")

    # The right one: the portal is back.
    page.get_by_role("link", name="Enter Another URL and Restart").click()
    check(visitor, address(new))
    expect(page.locator('[data-question="same"]')).to_contain_text("The same organization answers there.")
    page.get_by_role("button", name="Update", exact=True).click()
    scenes.await_phase(visitor, portal, "configured", "installed")
    until(lambda: home(stack, subdomain) == 200, what="the home page")
    page.get_by_role("link", name="Manage Dynamics 365 Instance").click()
    expect(page.locator("[data-bound-url]")).to_have_text(address(new))


def test_a_failed_update_is_reset_from_its_error_screen(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    visitor.sign_in("global.admin")
    portal = scenes.provisioned(visitor, name="Moved Away", subdomain="movedaway")
    page.get_by_role("link", name="Portal Actions").click()
    page.get_by_role("link", name="Update Dynamics 365 URL").click()
    check(visitor, address("contoso-away"))
    page.get_by_role("button", name="Update", exact=True).click()
    scenes.await_phase(visitor, portal, "instance-update-failed")
    page.get_by_role("link", name="Reset Portal").click()
    page.get_by_role("button", name="Reset", exact=True).click()
    scenes.await_phase(visitor, portal, "reset")

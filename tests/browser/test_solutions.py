"""Solutions, languages and translations, as administrators and visitors see them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import scenes
from tests.browser.conftest import Visit, Visitor
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def configure(
    visitor: Visitor, portal_id: str, *, name: str, subdomain: str, audience: str, kind: str, addon: str = ""
) -> None:
    """From an add-on to a submitted portal in English on Contoso."""
    page = visitor.page
    page.goto(f"{visitor.stack.url}/portals/{portal_id}/configure/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Portal URL").fill(subdomain)
    page.get_by_label("Dynamics 365 Instance").select_option(label="Contoso")
    page.get_by_label("Select Portal Language").select_option(label="English (United States)")
    page.get_by_label("Select Portal Administrator").select_option(label="Sylvia Admon")
    page.get_by_label(audience, exact=True).check()
    page.get_by_label(f"Dynamics 365 Portals - {kind}").check()
    if addon:
        page.get_by_label(addon).check()
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url(f"**/portals/{portal_id}/**")


def packages_become(visitor: Visitor, portal_id: str, state: str) -> None:
    row = visitor.page.locator(f'tr[data-portal="{portal_id}"][data-packages="{state}"]')

    def there() -> bool:
        visitor.page.goto(visitor.stack.url + "/applications/")
        return row.count() > 0

    until(there, seconds=60, what=f"packages to be {state}")


def solution(page: Page, unique_name: str, state: str) -> None:
    """The row of a solution, seen to come to that state by itself."""
    row = page.locator(f'tr[data-solution="{unique_name}"]')
    expect(row).to_have_attribute("data-solution-state", state, timeout=30_000)


def contoso(visitor: Visitor, rest: str = "") -> str:
    """The address of Contoso's page."""
    visitor.page.goto(visitor.stack.url + "/instances/")
    row = visitor.page.locator("tr[data-instance]", has_text=re.compile(r"contoso\.crm\.localhost"))
    return f"{visitor.stack.url}/instances/{row.first.get_attribute('data-instance')}/{rest}"


def test_an_installation_that_failed_is_retried_when_its_cause_is_gone(visit: Visit) -> None:
    visitor, maker = visit(), visit()
    page = visitor.page
    visitor.sign_in("system.admin")
    maker.sign_in("global.admin")
    portal_id = scenes.add_on(maker)
    configure(
        visitor,
        portal_id,
        name="Field Partners",
        subdomain="fieldpartners",
        audience="Partner",
        kind="Partner Portal",
        addon="Partner Field Service",
    )
    packages_become(visitor, portal_id, "install-failed")
    page.goto(visitor.stack.portal_url("fieldpartners"))
    expect(page.get_by_role("heading", name="Getting set up")).to_be_visible()

    page.goto(contoso(visitor, "solutions/"))
    failed = page.locator('tr[data-solution="PartnerFieldService"]')
    expect(failed).to_contain_text("Install Failed")
    expect(failed).to_contain_text("needs Field Service 8.0.0.0 or later, which is not installed")
    page.get_by_role("button", name="Install Field Service", exact=True).click()
    solution(page, "FieldService", "installed")

    page.get_by_role("link", name="Retry the installation of Partner Field Service").click()
    expect(page.get_by_text("Installing administrator")).to_be_visible()
    expect(page.get_by_text("Sylvia Admon").last).to_be_visible()
    expect(page.locator("[data-warning]")).to_have_count(0)
    page.get_by_role("button", name="Retry").click()
    solution(page, "PartnerFieldService", "installed")

    packages_become(visitor, portal_id, "installed")
    page.goto(visitor.stack.portal_url("fieldpartners"))
    expect(page.get_by_role("heading", name="Getting set up")).to_have_count(0)
    expect(page.get_by_role("link", name="Skip to content")).to_have_count(1)
    assert [line for line in visitor.complaints if "503" not in line] == []


def test_a_portal_speaks_a_language_that_was_enabled_and_keeps_what_people_wrote(visit: Visit) -> None:
    visitor, guest = visit(), visit()
    page, seen = visitor.page, guest.page
    visitor.sign_in("global.admin")
    portal_id = scenes.add_on(visitor)
    configure(
        visitor,
        portal_id,
        name="Many Tongues",
        subdomain="manytongues",
        audience="Customer",
        kind="Customer Self-Service Portal",
    )
    packages_become(visitor, portal_id, "installed")
    home = visitor.stack.portal_url("manytongues")

    page.goto(contoso(visitor, "labels/?language=1031&q=webpage"))
    row = page.locator('tr[data-component="adx_webpage"][data-column="LocalizedCollectionName"]')
    row.get_by_role("textbox").fill("Themen")
    row.get_by_role("button", name="Save").click()
    expect(page.locator('tr[data-column="LocalizedCollectionName"][data-own="yes"]')).to_contain_text(
        "Our own"
    )
    seen.goto(home + "?lang=de-DE")
    expect(seen.get_by_role("heading", name="Themen")).to_be_visible()
    expect(seen.get_by_role("link", name="Italiano (Italia)")).to_have_count(0)

    page.goto(contoso(visitor, "languages/"))
    page.get_by_role("link", name="Enable Italian (Italy)").click()
    page.get_by_role("button", name="Enable", exact=True).click()
    expect(page.locator('tr[data-language="1040"]')).to_have_attribute("data-enabled", "yes")
    seen.goto(home)
    seen.get_by_role("link", name="Italiano (Italia)").click()
    expect(seen.get_by_role("heading", name="Pagine Web")).to_have_count(0)

    page.goto(f"{visitor.stack.url}/portals/{portal_id}/actions/")
    page.get_by_role("link", name="Get latest metadata translations").click()
    expect(page.get_by_text("Do you want to update the portal solutions")).to_be_visible()
    page.get_by_role("button", name="Update").click()
    italian = page.locator('tr[data-language="1040"]')
    expect(italian).to_be_visible(timeout=30_000)
    assert int(italian.get_attribute("data-added") or 0) > 20
    expect(page.locator('tr[data-language="1031"]')).to_have_attribute("data-kept", "1")

    seen.reload()
    expect(seen.get_by_role("heading", name="Pagine Web")).to_be_visible()
    seen.get_by_role("link", name="Deutsch (Deutschland)").click()
    expect(seen.get_by_role("heading", name="Themen")).to_be_visible()
    assert visitor.complaints + guest.complaints == []

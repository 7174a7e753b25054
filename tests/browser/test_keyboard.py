"""Whole journeys with the keyboard alone: Tab, Enter, arrows and letters; never a click, never a jump of the focus."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import scenes
from tests.browser.conftest import PASSWORD, Visit, Visitor
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.stack]

# What has the focus, as a person would call it: its label or words.
NAME = """() => {
  const at = document.activeElement;
  const label = at.labels && at.labels.length ? at.labels[0].textContent : at.getAttribute("aria-label");
  return (label || at.textContent || "").replace(/\\s+/g, " ").trim();
}"""
SEEN = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  const marked = style.outlineStyle !== "none" || style.boxShadow !== "none";
  return box.width > 0 && box.bottom > 0 && box.top < innerHeight && marked;
}"""


class Keyboard:
    """Somebody who has nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def at(self) -> str:
        return str(self.page.evaluate(NAME))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def to(self, pattern: str, *, where: str = "", most: int = 120) -> None:
        """Tab on until that has the focus (inside `where`, a selector), and is seen to have it."""
        inside = f"document.activeElement.closest({where!r}) !== null" if where else "true"
        for _ in range(most):
            self.press("Tab")
            if re.search(pattern, self.at) and self.page.evaluate(inside):
                until(lambda: self.page.evaluate(SEEN), seconds=2, what=f"the focus to be seen on {self.at}")
                return
        raise AssertionError(f"Tab never came to {pattern!r}; it is at {self.at!r}")

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def choose(self, begin: str) -> None:
        """In a list that has the focus, by its first letters, as browsers have it."""
        self.type(begin)
        chosen = self.page.evaluate("document.activeElement.selectedOptions[0].textContent")
        assert str(chosen).strip().startswith(begin), chosen


@pytest.fixture
def someone(visit: Visit) -> Callable[[str], tuple[Visitor, Keyboard]]:
    """Signed in with the keyboard, too."""

    def make(local: str) -> tuple[Visitor, Keyboard]:
        visitor = visit()
        visitor.page.goto(visitor.stack.url + "/")
        keys = Keyboard(visitor.page)
        keys.to("E-mail address")
        keys.type(f"{local}@contoso.example")
        keys.to("Password")
        keys.type(PASSWORD)
        keys.press("Enter")
        visitor.page.wait_for_url("**/applications/")
        return visitor, keys

    return make


Someone = Callable[[str], tuple[Visitor, Keyboard]]


def test_from_sign_in_to_details_and_out(someone: Someone) -> None:
    visitor, keys = someone("system.admin")
    page = visitor.page
    keys.to("Skip to content", most=1)
    keys.press("Enter")
    keys.to("^Manage Portal Add-On")
    keys.press("Enter")
    page.wait_for_url("**/configure/")
    portal_id = page.url.split("/portals/")[1].split("/")[0]

    keys.to(r"^\*?Name$")
    keys.type("By keyboard")
    keys.to("Portal URL")
    keys.type("bykeyboard")
    page.wait_for_selector('[data-url-check="free"]')
    keys.to("Dynamics 365 Instance")
    assert page.get_by_label("Dynamics 365 Instance").evaluate("e => e.options.length") == 3
    keys.choose("Contoso")
    page.get_by_label("Select Portal Language").wait_for()
    assert "Dynamics 365 Instance" in keys.at  # the swap left the focus where it was
    keys.to("Select Portal Language")
    keys.choose("English")
    keys.to("Select Portal Administrator")
    keys.choose("Sylvia")
    keys.to("Partner|Customer|Employee")
    keys.press("Space")
    page.get_by_label("Dynamics 365 Portals - Partner Portal").wait_for()
    keys.press("ArrowDown")
    assert page.get_by_label("Customer", exact=True).is_checked()
    page.get_by_label("Dynamics 365 Portals - Partner Portal").wait_for(state="detached")
    kinds = page.get_by_label("Dynamics 365 Portals - Custom Portal")
    kinds.wait_for()
    assert page.evaluate("document.activeElement.value") == "customer"
    keys.to("Which one")
    keys.press("Enter")
    expect(page.get_by_role("table", name="Features of the kinds of portals")).to_be_visible()
    keys.press("Enter")
    keys.to("Dynamics 365 Portals")
    keys.press("Space", "ArrowDown")
    assert kinds.is_checked()
    keys.to("^Submit$")
    keys.press("Enter")
    page.wait_for_url("**/terms/")

    keys.to("Terms of Service")  # the text scrolls by its own keys
    keys.press("End")
    keys.to("^Accept$")
    keys.press("Enter")
    page.wait_for_url(f"**/portals/{portal_id}/**")
    page.wait_for_url("**/details/")

    expect(page.locator('[data-packages="installed"]')).to_be_visible(timeout=30_000)
    keys.to(r"^\*?Name$")
    keys.press("End")
    keys.type(" 2")
    keys.to("^Update$")
    keys.press("Enter")
    expect(page.get_by_text("The portal was updated.")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("By keyboard 2")
    keys.to("Sign out")
    keys.press("Enter")
    page.wait_for_url("**/accounts/login/**")
    assert visitor.complaints == []


def test_search_filter_sort_select_and_back(someone: Someone) -> None:
    visitor, keys = someone("global.admin")
    page, rows = visitor.page, visitor.page.locator("#applications tbody tr")
    portal_id = scenes.add_on(visitor)
    page.goto(f"{visitor.stack.url}/applications/")
    keys.to("^Search$", where=".filters")
    keys.type("add-on")
    page.wait_for_url("**q=add-on**")
    assert keys.at == "Search"  # the list was replaced, the field was not
    keys.to("^Type")
    keys.choose("Production")
    page.wait_for_url("**type=production**")
    keys.to("^Sort by$")
    keys.choose("Created, newest")
    page.wait_for_url("**sort=-created**")
    keys.to("^State$", where="thead")
    keys.press("Enter")
    page.wait_for_url("**sort=state**")
    page.go_back()
    expect(rows.first).to_have_attribute("data-portal", portal_id)
    keys.to("^Portal Add-On$", where="tbody")
    keys.press("Enter")
    expect(page.get_by_role("complementary")).to_be_visible()
    # The row that was opened keeps the focus, and its state is said once.
    assert page.evaluate("document.activeElement.id") == f"open-{portal_id}"
    expect(page.locator("#announcements")).to_have_text("Portal Add-On: Not configured")
    keys.to("^Close$")
    keys.press("Enter")
    expect(page.get_by_role("complementary")).to_have_count(0)
    # A page that is left while it asks says so; nothing else may be said.
    assert [text for text in visitor.complaints if not text.startswith("htmx:")] == []


def test_instances_are_selected_and_closed(someone: Someone) -> None:
    visitor, keys = someone("global.admin")
    page = visitor.page
    keys.to("^Instances$", where="nav")
    keys.press("Enter")
    page.wait_for_url("**/instances/")
    keys.to("^Contoso$", where="tbody")
    keys.press("Enter")
    page.wait_for_url("**selected=**")
    assert keys.at == "Contoso"
    expect(page.locator("#announcements")).to_have_text("Contoso: Ready")
    keys.to("^Solutions", where="aside")
    keys.press("Enter")
    page.wait_for_url("**/solutions/")


def test_a_failed_portal_is_changed_and_a_configured_one_reset(someone: Someone) -> None:
    visitor, keys = someone("global.admin")
    page = visitor.page
    portal_id = scenes.failed(visitor, name="Failed by keys", subdomain="failedbykeys")
    keys.to("^Change Values and Restart Provisioning")
    keys.press("Enter")
    page.wait_for_url("**/change/")
    keys.to(r"^\*?Name$")
    keys.press("End")
    keys.type(" now")
    keys.to("^Restart Provisioning$")
    keys.press("Enter")
    scenes.await_phase(visitor, portal_id, "configured", "installed")
    keys.to("^Portal Actions$")
    keys.press("Enter")
    page.wait_for_url("**/actions/")
    keys.to("^Reset Portal")
    keys.press("Enter")
    page.wait_for_url("**/reset/")
    keys.to("^Reset$")
    keys.press("Enter")
    scenes.await_phase(visitor, portal_id, "reset")
    assert visitor.complaints == []


def test_a_job_is_cancelled_and_restarted(someone: Someone) -> None:
    visitor, keys = someone("global.admin")
    page = visitor.page
    portal_id = scenes.add_on(visitor)
    scenes.to_the_terms(visitor, portal_id, name="Cancelled", subdomain="cancelledbykeys")
    with scenes.workers_held(visitor.stack):
        keys.to("^Accept$")
        keys.press("Enter")
        page.wait_for_url(f"**/portals/{portal_id}/")
        keys.to("^Details of this job$")
        keys.press("Enter")
        page.wait_for_url("**/jobs/**")
        keys.to("^Cancel this job$")
        keys.press("Enter")
        expect(page.locator('[data-job-state="cancelled"]')).to_be_visible()
    keys.to("^Restart$")
    keys.press("Enter")
    scenes.await_phase(visitor, portal_id, "configured")


def test_the_language_is_chosen(someone: Someone) -> None:
    visitor, keys = someone("csr")
    page = visitor.page
    keys.to("^Language$")
    keys.choose("Deutsch")
    keys.to("^Change language$")
    keys.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "de")

    keys.to("^Sprache$")
    keys.press("Home", "Tab", "Enter")
    expect(page.locator("html")).to_have_attribute("lang", "en")

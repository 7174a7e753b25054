"""Watching a job while the server goes away and comes back, and what a screen reader hears of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import scenes
from tests.browser.conftest import PASSWORD, Stack, Visit, Visitor
from tests.up.running import Run, free_port, started
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.stack]

LOST = "The server cannot be reached. Reconnecting…"
# Every text that a live region was given, in order.
LISTEN = """() => {
  window.heard = [];
  const note = (node) => { const text = node.textContent.trim(); if (text) window.heard.push(text); };
  for (const id of ["announcements", "connection"]) {
    const region = document.getElementById(id);
    new MutationObserver(() => note(region)).observe(region, {childList: true, characterData: true, subtree: true});
  }
}"""


@pytest.fixture
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Run]]:
    """A product of this test alone, since it is stopped."""
    port, data_dir = free_port(), tmp_path_factory.mktemp("own") / "data"
    run = Run(data_dir, port, DEMO_PASSWORD=PASSWORD)
    with started(run):
        yield Stack(port, data_dir), run


def watching(visitor: Visitor, name: str, subdomain: str) -> str:
    """At the page of a portal that waits for a worker; workers are held. Its id."""
    portal_id = scenes.add_on(visitor)
    scenes.to_the_terms(visitor, portal_id, name=name, subdomain=subdomain)
    visitor.page.get_by_role("button", name="Accept").click()
    visitor.page.wait_for_url(f"**/portals/{portal_id}/")
    return portal_id


def heard(page: Page) -> list[str]:
    found: list[str] = page.evaluate("window.heard")
    return found


def test_the_page_waits_for_a_server_that_was_stopped_and_goes_on(
    visit: Visit, own_stack: tuple[Stack, Run]
) -> None:
    stack, run = own_stack
    visitor = Visitor(stack, visit().page, [])
    visitor.sign_in("global.admin")
    page = visitor.page
    with scenes.workers_held(stack):
        portal_id = watching(visitor, "Interrupted", "interrupted")
        panel = page.locator(".job")
        expect(panel).to_contain_text("Waiting for a worker")
    run.close()
    expect(page.locator("#connection")).to_have_text(LOST)
    expect(page.locator("#connection")).to_be_visible()
    expect(panel).to_be_visible()  # what was known stays readable
    with started(Run(stack.data_dir, stack.port, DEMO_PASSWORD=PASSWORD)):
        expect(page.locator("#connection")).to_have_text("", timeout=30_000)
        expect(page.locator("#connection")).to_be_hidden()
        page.wait_for_url(f"**/portals/{portal_id}/details/", timeout=30_000)


def test_a_server_that_hangs_is_noticed_and_its_return_is_said(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in("global.admin")
    page = visitor.page
    with scenes.workers_held(visitor.stack):
        watching(visitor, "Hanging", "hanging")
        page.evaluate(LISTEN)
        page.evaluate("htmx.config.timeout = 500")  # nobody wants to wait for twenty seconds here
        with scenes.held(visitor.stack, "gunicorn"):
            expect(page.locator("#connection")).to_have_text(LOST)
        expect(page.locator("#connection")).to_have_text("")
        assert heard(page)[:2] == [LOST, "The server answers again."]
        assert heard(page).count(LOST) == 1


def test_a_change_of_state_is_said_once_and_the_focus_stays(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in("global.admin")
    page = visitor.page
    with scenes.workers_held(visitor.stack):
        watching(visitor, "Listened to", "listenedto")
        page.evaluate(LISTEN)
        link = page.get_by_role("link", name="Details of this job")
        link.focus()
        # The organization lets nobody in, so that the job waits, which is one change and many polls.
        other = visit()
        other.sign_in("system.admin")
        scenes.set_access(other, "Contoso", "Turn administration mode on")
    try:
        expect(page.locator('[data-job-state="waiting"]')).to_be_visible(timeout=30_000)
        expect(page.locator(".job")).not_to_have_attribute("role", "status")
        until(lambda: any("Waiting to try again" in text for text in heard(page)), what="the announcement")
        assert page.evaluate("document.activeElement.textContent") == "Details of this job"
        texts = heard(page)
        assert len(texts) == len(dict.fromkeys(texts)), texts
    finally:
        scenes.set_access(other, "Contoso", "Turn administration mode off")
    page.wait_for_url("**/details/", timeout=60_000)


def test_the_focus_stays_while_the_list_around_it_is_replaced(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in("global.admin")
    page = visitor.page
    with scenes.workers_held(visitor.stack):
        watching(visitor, "In a list", "inalist")
        page.goto(f"{visitor.stack.url}/applications/?sort=-created")
        page.locator("#sort-owner").focus()
        other = visit()
        other.sign_in("global.admin")
        made = scenes.add_on(other)  # one row more, which the next look shows
        expect(page.locator("#applications tbody tr").first).to_have_attribute("data-portal", made)
        assert page.evaluate("document.activeElement.id") == "sort-owner"


def test_who_may_not_watch_any_more_is_told_so(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in("global.admin")
    page = visitor.page
    with scenes.workers_held(visitor.stack):
        watching(visitor, "Taken away", "takenaway")
        page.route("**/status/**", lambda route: route.fulfill(status=403, body="no"))
        with page.expect_navigation():  # the whole page comes anew, and says what the server says
            pass
        page.unroute("**/status/**")


def test_nothing_turns_for_people_who_want_no_motion(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in("global.admin")
    page = visitor.page
    moving = "[...document.querySelectorAll('*')].some(e => getComputedStyle(e).animationName !== 'none')"
    page.evaluate("document.getElementById('applications-busy').classList.add('htmx-request')")
    assert page.evaluate(moving)
    page.emulate_media(reduced_motion="reduce")
    assert not page.evaluate(moving)
    page.evaluate("document.documentElement.style.scrollBehavior")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_a_button_says_that_its_form_is_being_sent(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in("global.admin")
    page = visitor.page
    page.goto(f"{visitor.stack.url}/applications/add/")
    # As when the answer takes its time: the form is sent, and the page stays.
    page.evaluate("window.addEventListener('submit', (event) => event.preventDefault())")
    button = page.get_by_role("button", name="Add", exact=True)
    expect(button).not_to_have_attribute("aria-busy", "true")
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")

"""What support staff live with, in a real browser: every error screen and the way out of it. The causes are real."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser import scenes
from tests.browser.conftest import MANY, PASSWORD, Stack, Visit, Visitor
from tests.browser.test_journey import choose
from tests.up.running import Run, free_port, processes, started
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.stack]

KIND = "Customer Self-Service Portal"
PROVISIONING_ERROR = "An error occurred while provisioning your Portal, and it could not be completed."
RESET_ERROR = "A problem occurred while resetting this portal."


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A product of its own, whose workers and organization may be troubled."""
    port, data_dir = free_port(), tmp_path_factory.mktemp("troubled") / "data"
    with started(Run(data_dir, port, DEMO_PASSWORD=PASSWORD, SIGN_INS_PER_MINUTE=MANY)):
        yield Stack(port, data_dir)


@contextmanager
def workers_frozen(stack: Stack) -> Iterator[None]:
    """Between what a person asks for and what a worker does, there is time for other things to happen."""
    pids = [pid for pid, command in processes(stack.data_dir).items() if "portaladmin worker" in command]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def add_on(visit: Visit) -> str:
    """One more add-on, bought by the Global Administrator; its id."""
    visitor = visit(javascript=False)
    visitor.sign_in("global.admin")
    return scenes.add_on(visitor)


def submit(visitor: Visitor, portal_id: str, subdomain: str, *, javascript: bool = True) -> None:
    page = visitor.page
    page.goto(f"{visitor.stack.url}/portals/{portal_id}/configure/")
    choose(visitor, name=subdomain.title(), subdomain=subdomain, javascript=javascript, kind=KIND)
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url(f"**/portals/{portal_id}/**")


def manage(visitor: Visitor, portal_id: str) -> Page:
    visitor.page.goto(f"{visitor.stack.url}/portals/{portal_id}/")
    return visitor.page


def until_state(visitor: Visitor, portal_id: str, *wanted: str) -> Page:
    """Look at the portal again and again until its page has one of the states, or packages so."""

    def reached() -> bool:
        shown = manage(visitor, portal_id).locator("[data-portal]").first
        return {shown.get_attribute("data-state"), shown.get_attribute("data-packages")} & set(
            wanted
        ) != set()

    until(reached, seconds=40, what=" or ".join(wanted))
    return visitor.page


def press_on_instance(visit: Visit, button: str) -> None:
    """What the organization's administrator does to it."""
    visitor = visit()
    visitor.sign_in("global.admin")
    page = visitor.page
    page.goto(f"{visitor.stack.url}/instances/")
    href = page.get_by_role("link", name="Contoso", exact=True).first.get_attribute("href") or ""
    found = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", href)
    assert found
    page.goto(f"{visitor.stack.url}/instances/{found[0]}/")
    page.get_by_role("button", name=button).click()
    page.wait_for_load_state()


def fail_provisioning(visit: Visit, visitor: Visitor, portal_id: str, subdomain: str) -> Page:
    """Between Accept and the job, the organization shuts us out; the page hears of the end by itself."""
    with workers_frozen(visitor.stack):
        submit(visitor, portal_id, subdomain)
        expect(visitor.page.get_by_text("currently being configured")).to_be_visible()
        press_on_instance(visit, "Disable the user")
    expect(visitor.page.get_by_text(PROVISIONING_ERROR)).to_be_visible(timeout=30_000)
    return visitor.page


def test_a_provisioning_that_failed_is_understood_and_restarted_in_one_click(visit: Visit) -> None:
    visitor, portal_id = visit(), add_on(visit)
    visitor.sign_in("system.admin")
    page = fail_provisioning(visit, visitor, portal_id, "failsfirst")
    press_on_instance(visit, "Restore the user’s access")
    for tile in ("Restart Provisioning", "Change Values and Restart Provisioning", "Reset Portal"):
        expect(page.locator(".tile strong", has_text=re.compile(f"^{tile}$"))).to_be_visible()
    entries = page.get_by_role("navigation", name="Portal Admin Center").get_by_role("link")
    expect(entries).to_have_text([re.compile("Portal Details")])
    reason = page.locator('[data-error-code="organization_denied"]')
    expect(reason).to_contain_text("is disabled in Contoso")
    error_id = reason.locator("code").inner_text()
    assert re.fullmatch("[0-9A-F]{8}", error_id)
    page.get_by_text("What Restart Provisioning will do").click()
    expect(page.locator("details li").first).to_contain_text("done anew")

    page.goto(f"{visitor.stack.url}/jobs/?error={error_id.lower()}")
    expect(page.locator("tr[data-job]")).to_have_count(1)
    page.goto(f"{visitor.stack.url}/applications/?q=failsfirst")
    expect(page.locator(f'tr[data-portal="{portal_id}"]')).to_contain_text("Failsfirst-Provisioning Failed")

    manage(visitor, portal_id).get_by_role("button", name="Restart Provisioning").click()
    until_state(visitor, portal_id, "installed")
    page.goto(visitor.stack.portal_url("failsfirst"))
    expect(page.locator("html")).to_have_attribute("lang", re.compile("^de"))


def test_a_url_that_somebody_took_meanwhile_is_changed_for_another(visit: Visit) -> None:
    visitor, portals = visit(), [add_on(visit), add_on(visit)]
    visitor.sign_in("system.admin")
    with workers_frozen(visitor.stack):
        for portal_id in portals:
            submit(visitor, portal_id, "wantedtwice")
    for portal_id in portals:
        until_state(visitor, portal_id, "provisioning-failed", "installed")
    states = [
        manage(visitor, portal_id).locator("[data-portal]").first.get_attribute("data-state")
        for portal_id in portals
    ]
    assert sorted(states) == ["configured", "provisioning-failed"]  # type: ignore[type-var]
    portal_id = portals[states.index("provisioning-failed")]
    page = manage(visitor, portal_id)
    expect(page.locator('[data-error-code="url_taken"]')).to_contain_text("Choose another one.")
    page.get_by_role("link", name="Change Values and Restart Provisioning").click()
    expect(page.get_by_label("Name")).to_have_value("Wantedtwice")
    page.get_by_label("Portal URL").fill("anotherone")
    page.get_by_role("button", name="Restart Provisioning").click()
    until_state(visitor, portal_id, "installed")
    page.get_by_role("link", name="Provisioning", exact=True).click()
    changes = page.locator("[data-changes]")
    expect(changes).to_contain_text("wantedtwice")
    expect(changes).to_contain_text("anotherone")
    expect(page.get_by_text("Sylvia Admon changed these values")).to_be_visible()
    expect(page.locator("[data-attempts] tbody tr")).to_have_count(2)
    assert visitor.complaints == []


def test_a_provisioning_that_failed_is_reset_from_its_error_screen(visit: Visit) -> None:
    visitor, portal_id = visit(), add_on(visit)
    visitor.sign_in("system.admin")
    page = fail_provisioning(visit, visitor, portal_id, "givenup")
    press_on_instance(visit, "Restore the user’s access")
    page.get_by_role("link", name="Reset Portal").click()
    expect(page.get_by_text("Do you want to reset this portal?")).to_be_visible()
    page.get_by_role("button", name="Reset", exact=True).click()
    until_state(visitor, portal_id, "reset")
    expect(page.get_by_role("link", name="Configure Your Portal")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_a_reset_that_failed_goes_on_from_its_error_screen(visit: Visit, javascript: bool) -> None:
    visitor, portal_id = visit(javascript=javascript), add_on(visit)
    subdomain = "resetfails" if javascript else "resetfailsplain"
    visitor.sign_in("system.admin")
    submit(visitor, portal_id, subdomain, javascript=javascript)
    page = until_state(visitor, portal_id, "installed")
    with workers_frozen(visitor.stack):
        page.goto(f"{visitor.stack.url}/portals/{portal_id}/reset/")
        page.get_by_role("button", name="Reset", exact=True).click()
        expect(page.get_by_text("currently being reset")).to_be_visible()
        press_on_instance(visit, "Disable the user")
    until_state(visitor, portal_id, "reset-failed")
    press_on_instance(visit, "Restore the user’s access")
    expect(page.get_by_text(RESET_ERROR)).to_be_visible()
    expect(page.locator('[data-error-code="organization_denied"] code')).to_have_text(
        re.compile("^[0-9A-F]{8}$")
    )
    page.get_by_role("link", name="Reset Portal").click()
    page.get_by_role("button", name="Reset", exact=True).click()
    until_state(visitor, portal_id, "reset")
    page.goto(visitor.stack.portal_url(subdomain))
    expect(page.get_by_text("There is no portal at this address.")).to_be_visible()


def test_who_lacks_the_right_to_the_application_is_told_whom_to_ask_and_may_reset_as_its_owner(
    visit: Visit,
) -> None:
    owner, portal_id = visit(), add_on(visit)
    owner.sign_in("global.admin")
    submit(owner, portal_id, "notyours")
    until_state(owner, portal_id, "installed")
    visitor = visit()
    visitor.sign_in("second.admin")
    page = visitor.page
    page.goto(f"{visitor.stack.url}/portals/{portal_id}/reset/")
    page.get_by_role("button", name="Reset", exact=True).click()
    refusal = page.locator('[data-error-code="no_application_permission"]')
    expect(refusal).to_contain_text("“Notyours”")
    expect(refusal).to_contain_text("Contact the global administrator")
    expect(page.get_by_role("button", name="Reset", exact=True)).to_be_visible()  # the dialog stays

    owner.page.goto(f"{owner.stack.url}/portals/{portal_id}/details/")
    owner.page.get_by_label("E-mail address of one more owner").fill("second.admin@contoso.example")
    owner.page.get_by_role("button", name="Add owner").click()
    expect(owner.page.get_by_text("Samir Addo is an owner now.")).to_be_visible()

    page.get_by_role("button", name="Reset", exact=True).click()
    until_state(visitor, portal_id, "reset")


def test_packages_that_failed_leave_the_portal_open_and_say_why(visit: Visit) -> None:
    visitor, portal_id = visit(), add_on(visit)
    visitor.sign_in("system.admin")
    page = visitor.page
    page.goto(f"{visitor.stack.url}/portals/{portal_id}/configure/")
    page.get_by_label("Name").fill("Lacks a prerequisite")
    page.get_by_label("Portal URL").fill("lacking")
    page.get_by_label("Dynamics 365 Instance").select_option(label="Contoso")
    page.get_by_label("Select Portal Language").select_option(label="English (United States)")
    page.get_by_label("Select Portal Administrator").select_option(label="Sylvia Admon")
    page.get_by_label("Partner", exact=True).check()
    page.get_by_label("Dynamics 365 Portals - Partner Portal").check()
    page.get_by_label("Partner Field Service").check()
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url(f"**/portals/{portal_id}/**")
    until_state(visitor, portal_id, "install-failed")
    expect(page.locator("[data-portal]").first).to_have_attribute("data-state", "configured")
    expect(page.get_by_role("heading", name="Portal Details")).to_be_visible()
    error_id = page.get_by_role("alert").locator("code").inner_text()
    page.get_by_role("link", name=re.compile("solutions page of Contoso")).click()
    row = page.locator('[data-solution="PartnerFieldService"]')
    expect(row).to_contain_text("Install Failed")
    expect(row).to_contain_text("needs Field Service 8.0.0.0 or later, which is not installed.")
    expect(row).to_contain_text(error_id)
    page.goto(visitor.stack.portal_url("lacking"))
    expect(page.get_by_role("heading", name="Getting set up")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_all_jobs_that_failed_of_one_cause_are_restarted_together(visit: Visit, javascript: bool) -> None:
    visitor, portals = visit(javascript=javascript), [add_on(visit), add_on(visit)]
    visitor.sign_in("global.admin")
    name = "monday" if javascript else "tuesday"
    with workers_frozen(visitor.stack):
        for number, portal_id in enumerate(portals):
            submit(visitor, portal_id, f"{name}{number}", javascript=javascript)
        press_on_instance(visit, "Disable the user")
    for portal_id in portals:
        until_state(visitor, portal_id, "provisioning-failed")
    press_on_instance(visit, "Restore the user’s access")
    page = visitor.page
    page.goto(f"{visitor.stack.url}/jobs/")
    page.get_by_role("link", name="Failed jobs by cause").click()
    row = page.locator('[data-cause="provision-portal organization_denied"]')
    row.get_by_role("link", name="Preview a restart").click()
    marked = [page.locator("tr", has_text=f"{name}{number}".title()) for number in range(2)]
    for each in marked:
        expect(each.get_by_role("checkbox")).to_be_checked()
        expect(each.locator("summary")).to_contain_text("done anew")
    page.get_by_role("button", name="Restart the marked jobs").click()
    expect(page.get_by_role("status").filter(has_text="2 jobs were restarted.")).to_be_visible()
    for portal_id in portals:
        until_state(visitor, portal_id, "installed")
    assert visitor.complaints == []

"""Every journey with JavaScript and without: the same links and buttons lead to the same ends."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import scenes
from tests.browser.conftest import Visit, Visitor
from tests.waiting import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"]),
]


def word(javascript: bool) -> str:
    """Part of names, so that both ways have their own portals."""
    return "with" if javascript else "without"


def failed(visit: Visit, javascript: bool, name: str) -> tuple[Visitor, str]:
    """Somebody who looks at a portal whose provisioning failed. It is made with JavaScript, which is quicker."""
    maker = visit()
    maker.sign_in("global.admin")
    portal_id = scenes.failed(maker, name=name, subdomain=name.lower().replace(" ", "-"))
    visitor = visit(javascript=javascript)
    visitor.sign_in("global.admin")
    visitor.page.goto(f"{visitor.stack.url}/portals/{portal_id}/")
    return visitor, portal_id


def test_a_failed_provisioning_is_restarted(visit: Visit, javascript: bool) -> None:
    visitor, portal_id = failed(visit, javascript, f"Restarted {word(javascript)}")
    page = visitor.page
    expect(page.get_by_text("An error occurred while provisioning your Portal")).to_be_visible()
    page.locator("summary").filter(has_text="What Restart Provisioning will do").click()
    expect(page.get_by_text("done anew").first).to_be_visible()
    page.get_by_role("button", name="Restart Provisioning").click()
    page.wait_for_load_state()
    scenes.await_phase(visitor, portal_id, "configured", "installed")
    assert visitor.complaints == []


def test_values_are_changed_and_provisioning_restarted(visit: Visit, javascript: bool) -> None:
    name = f"Changed {word(javascript)}"
    visitor, portal_id = failed(visit, javascript, name)
    page, other = visitor.page, f"other-{word(javascript)}"
    page.get_by_role("link", name="Change Values and Restart Provisioning").click()
    expect(page.get_by_label("Name")).to_have_value(name)
    page.get_by_label("Portal URL").fill("www")
    page.get_by_role("button", name="Restart Provisioning").click()
    expect(page.locator('[data-error-code="subdomain_reserved"]')).to_be_visible()
    page.get_by_label("Portal URL").fill(other)
    page.get_by_role("button", name="Restart Provisioning").click()
    page.wait_for_url(re.compile(f"/portals/{portal_id}/(details/)?$"))
    scenes.await_phase(visitor, portal_id, "configured", "installed")
    page.goto(visitor.stack.portal_url(other))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_job_is_cancelled_and_restarted(visit: Visit, javascript: bool) -> None:
    visitor = visit(javascript=javascript)
    visitor.sign_in("global.admin")
    page, name = visitor.page, f"Cancelled {word(javascript)}"
    portal_id = scenes.add_on(visitor)
    subdomain = name.lower().replace(" ", "-")
    scenes.to_the_terms(visitor, portal_id, name=name, subdomain=subdomain, javascript=javascript)
    with scenes.workers_held(visitor.stack):
        page.get_by_role("button", name="Accept").click()
        page.wait_for_url(f"**/portals/{portal_id}/")
        page.get_by_role("link", name="Details of this job").click()
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator('[data-job-state="cancelled"]')).to_be_visible()
        page.goto(f"{visitor.stack.url}/portals/{portal_id}/")
        expect(page.locator('[data-state="provisioning-failed"]')).to_be_visible()
        page.get_by_role("link", name="Details of this job").click()
    page.get_by_role("button", name="Restart").click()
    page.wait_for_load_state()
    scenes.await_phase(visitor, portal_id, "configured", "installed")


def test_details_are_updated_and_refused(visit: Visit, javascript: bool) -> None:
    maker = visit()
    maker.sign_in("global.admin")
    name = f"Details {word(javascript)}"
    portal_id = scenes.provisioned(maker, name=name, subdomain=f"details-{word(javascript)}", type="Trial")
    visitor = visit(javascript=javascript)
    visitor.sign_in("global.admin")
    page = visitor.page
    page.goto(f"{visitor.stack.url}/portals/{portal_id}/details/")
    page.get_by_label("Name").fill("")
    page.get_by_role("button", name="Update").click()
    expect(page.locator(".field-error")).to_be_visible()
    page.get_by_label("Name").fill(f"{name}, renamed")
    page.get_by_label("Change Portal State").select_option("off")
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_text("The portal was updated.")).to_be_visible()
    page.get_by_role("link", name="Change to a production subscription").click()
    page.get_by_role("button", name="Change to production").click()
    expect(page.get_by_text("The portal belongs to a production subscription now.")).to_be_visible()
    expect(page.get_by_label("Portal development status")).to_be_visible()
    page.goto(visitor.stack.portal_url(f"details-{word(javascript)}"))
    expect(page.get_by_text("switched off")).to_be_visible()


def add_ons(visitor: Visitor, count: int) -> None:
    """So many rows more, without looking at each."""
    page, address = visitor.page, f"{visitor.stack.url}/applications/add/"
    page.goto(address)
    token = page.locator("main input[name=csrfmiddlewaretoken]").get_attribute("value") or ""
    for _ in range(count):
        sent: dict[str, str | float | bool] = {"type": "trial", "csrfmiddlewaretoken": token}
        answer = page.request.post(address, form=sent, headers={"Referer": address}, max_redirects=0)
        assert answer.status == 302


def test_applications_are_searched_filtered_sorted_and_paged(visit: Visit, javascript: bool) -> None:
    visitor = visit(javascript=javascript)
    visitor.sign_in("global.admin")
    page, rows = visitor.page, visitor.page.locator("#applications tbody tr")
    add_ons(visitor, 60)

    def search() -> None:
        if not javascript:  # with it, typing and choosing is enough
            page.get_by_role("button", name="Search").click()

    page.goto(f"{visitor.stack.url}/applications/")
    page.get_by_label("Search").fill("zzqx")
    search()
    expect(page.get_by_text("No application matches “zzqx”.")).to_be_visible()
    page.get_by_label("Search").fill("add-on")
    search()
    expect(rows).to_have_count(50)
    page.get_by_label("Type").select_option("trial")
    search()
    expect(page).to_have_url(re.compile("type=trial"))
    page.get_by_label("Sort by").select_option("-created")
    search()
    expect(page).to_have_url(re.compile("sort=-created"))
    expect(rows).to_have_count(50)
    first = rows.first.get_attribute("data-portal")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    assert rows.first.get_attribute("data-portal") != first
    page.get_by_role("link", name="Previous").click()
    expect(rows.first).to_have_attribute("data-portal", first or "")
    page.get_by_role("link", name="Last", exact=True).click()
    expect(page.get_by_role("link", name="Next")).to_have_count(0)
    page.get_by_role("link", name="First", exact=True).click()
    expect(rows.first).to_have_attribute("data-portal", first or "")

    rows.first.get_by_role("link", name="Portal Add-On", exact=True).click()
    expect(page.get_by_role("complementary")).to_contain_text("Not configured")
    expect(page).to_have_url(re.compile(f"selected={first}"))
    page.reload()
    expect(page.get_by_role("complementary")).to_contain_text(
        "Not configured"
    )  # the address tells everything
    page.go_back()
    expect(page.get_by_role("complementary")).to_have_count(0)
    assert visitor.complaints == []


def test_an_instance_is_selected_and_closed(visit: Visit, javascript: bool) -> None:
    visitor = visit(javascript=javascript)
    visitor.sign_in("customizer")
    page = visitor.page
    page.get_by_role("link", name="Instances", exact=True).click()
    page.get_by_role("link", name="Contoso", exact=True).click()
    pane = page.get_by_role("complementary")
    expect(pane).to_contain_text("https://contoso.crm.localhost")
    expect(pane).to_contain_text("German (Germany)")
    expect(page).to_have_url(re.compile("selected="))
    pane.get_by_role("link", name="Close").click()
    expect(pane).to_have_count(0)
    assert visitor.complaints == []


def test_the_language_is_chosen_and_left_to_the_browser_again(visit: Visit, javascript: bool) -> None:
    visitor = visit(javascript=javascript)
    visitor.sign_in("employee")
    page = visitor.page
    page.get_by_label("Language").select_option("ar")
    page.get_by_role("button", name="Change language").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.goto(f"{visitor.stack.url}/jobs/")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    page.locator("#interface-language").select_option("")
    page.locator(".shell-foot button").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url.endswith("/jobs/")  # back to where one was


def test_signing_out_and_in_leads_back_to_the_draft(visit: Visit, javascript: bool) -> None:
    visitor = visit(javascript=javascript)
    visitor.sign_in("global.admin")
    page, name = visitor.page, f"Draft {word(javascript)}"
    portal_id = scenes.add_on(visitor)
    subdomain = f"draft-{word(javascript)}"
    scenes.to_the_terms(visitor, portal_id, name=name, subdomain=subdomain, javascript=javascript)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    page.goto(f"{visitor.stack.url}/portals/{portal_id}/configure/")
    page.get_by_label("E-mail address").fill("system.admin@contoso.example")
    page.get_by_label("Password").fill("not it")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator('[data-error-code="sign_in_refused"]')).to_be_visible()
    visitor.sign_in_here("system.admin")
    page.wait_for_url(f"**/portals/{portal_id}/configure/")
    expect(page.get_by_label("Name")).to_have_value(name)
    expect(page.get_by_label("Select Portal Administrator")).to_have_value(re.compile("."))


def test_a_button_of_an_ended_session_changes_nothing_and_says_so(visit: Visit, javascript: bool) -> None:
    visitor = visit(javascript=javascript)
    visitor.sign_in("global.admin")
    page = visitor.page
    portal_id = scenes.add_on(visitor)
    scenes.to_the_terms(
        visitor, portal_id, name="Ended", subdomain=f"ended-{word(javascript)}", javascript=javascript
    )
    page.context.clear_cookies(name="admin_session")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Nothing was changed: you were not signed in any more.")).to_be_visible()
    visitor.sign_in_here("global.admin")
    page.wait_for_url(f"**/portals/{portal_id}/terms/")
    page.get_by_role("button", name="Accept").click()

    def begun() -> bool:
        page.goto(f"{visitor.stack.url}/portals/{portal_id}/")
        return "/configure/" not in page.url

    until(begun, what="the job")

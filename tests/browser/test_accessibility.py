"""Every page, in light and dark, wide and narrow: axe finds nothing, and nothing runs out of the window."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page

from tests.browser import scenes
from tests.browser.conftest import Stack, Visit, Visitor
from tests.domains.authority import authority
from tests.domains.corpus import SECRET, packed
from tests.portaladmin.test_doors import ROUTES
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.stack]

UUID = re.compile(r"/[0-9a-f]{8}-[0-9a-f-]{27}/")
# Pages that are no pages for people: fragments, files, or addresses that only take a form.
NO_PAGES = {
    "",
    "healthz",
    "readyz",
    "accounts/language/",
    "applications/export.csv",
    "applications/list/",
    "audit/list/",
    "audit/export.csv",
    "jobs/list/",
    "portals/<uuid:portal_id>/owners/",
    "jobs/<uuid:job_id>/status/",
    "jobs/<uuid:job_id>/restart/",
    "jobs/<uuid:job_id>/cancel/",
    "portals/<uuid:portal_id>/",
    "portals/<uuid:portal_id>/configure/instance/",
    "portals/<uuid:portal_id>/configure/kinds/",
    "portals/<uuid:portal_id>/configure/url/",
    "portals/<uuid:portal_id>/provision/restart/",
    "portals/<uuid:portal_id>/instance/restart/",
    "portals/<uuid:portal_id>/domains/add/evidence/",
    "portals/<uuid:portal_id>/domains/restart/",
    "instances/list/",
    "instances/<uuid:instance_id>/access/",
    "instances/<uuid:instance_id>/connection/edit/",  # of kind Dataverse only; its form is that of instances/add/
    "instances/<uuid:instance_id>/solutions/table/",
}


@pytest.fixture(scope="module")
def pages(stack: Stack, chromium: Browser) -> Iterator[dict[str, str]]:
    """Addresses of one page of each route, of a portal that is provisioned and of one that is not."""
    context = chromium.new_context()
    visitor = Visitor(stack, context.new_page(), [])
    visitor.sign_in("global.admin")
    page, add_on = visitor.page, scenes.add_on(visitor)
    portal = _provisioned(visitor)
    page.goto(f"{stack.url}/portals/{portal}/details/")
    job = _link(page, "Provisioning")
    instance = _link(page, "Contoso")
    certificate = _with_domain(page, stack, portal)
    retry = _failed_installation(page, stack)
    yield {
        "accounts/login/": "/accounts/login/?next=/privacy/",
        "accounts/logout/": "/accounts/logout/",
        "system/": "/system/",
        "audit/": "/audit/",
        "jobs/": "/jobs/",
        "jobs/failed/": "/jobs/failed/",
        "help/reset/": "/help/reset/",
        "portals/<uuid:portal_id>/actions/": f"/portals/{portal}/actions/",
        "portals/<uuid:portal_id>/translations/": f"/portals/{portal}/translations/",
        "portals/<uuid:portal_id>/reset/": f"/portals/{portal}/reset/",
        "portals/<uuid:portal_id>/instance/": f"/portals/{portal}/instance/",
        "portals/<uuid:portal_id>/provision/change/": f"/portals/{portal}/provision/change/",
        "portals/<uuid:portal_id>/domains/": f"/portals/{portal}/domains/",
        "portals/<uuid:portal_id>/domains/add/": f"/portals/{portal}/domains/add/",
        "portals/<uuid:portal_id>/domains/remove/": f"/portals/{portal}/domains/remove/",
        "certificates/": f"/certificates/?portal={portal}",
        "certificates/<uuid:certificate_id>/": certificate,
        "certificates/<uuid:certificate_id>/delete/": f"{certificate}delete/",
        "applications/": "/applications/",
        "applications/add/": "/applications/add/",
        "privacy/": "/privacy/",
        "portals/<uuid:portal_id>/configure/": f"/portals/{add_on}/configure/",
        "portals/<uuid:portal_id>/terms/": f"/portals/{add_on}/terms/",
        "portals/<uuid:portal_id>/details/": f"/portals/{portal}/details/",
        "portals/<uuid:portal_id>/convert/": f"/portals/{add_on}/convert/",
        "jobs/<uuid:job_id>/": job,
        "instances/": f"/instances/?selected={instance.strip('/').rpartition('/')[2]}",
        "instances/add/": "/instances/add/",
        "instances/<uuid:instance_id>/": instance,
        "instances/<uuid:instance_id>/address/": f"{instance}address/",
        "instances/<uuid:instance_id>/connection/": f"{instance}connection/",
        "instances/<uuid:instance_id>/solutions/": f"{instance}solutions/",
        "instances/<uuid:instance_id>/solutions/retry/": retry,
        "instances/<uuid:instance_id>/solutions/upload/": f"{instance}solutions/upload/",
        "instances/<uuid:instance_id>/languages/": f"{instance}languages/?enable=1040",
        "instances/<uuid:instance_id>/labels/": f"{instance}labels/?language=1031",
        "not found": "/there-is-no-such-page/",
    }
    context.close()


def _link(page: Page, name: str) -> str:
    return page.get_by_role("link", name=name, exact=True).first.get_attribute("href") or ""


def _provisioned(visitor: Visitor) -> str:
    """A production portal whose packages are installed; made here when this module runs alone."""
    page, stack = visitor.page, visitor.stack
    page.goto(f"{stack.url}/applications/?type=production")
    row = page.locator('tr[data-packages="installed"]')
    if not row.count():
        page.goto(f"{stack.url}/portals/{scenes.add_on(visitor)}/configure/")
        page.get_by_label("Name").fill("Accessible")
        page.get_by_label("Portal URL").fill("accessible")
        page.get_by_label("Dynamics 365 Instance").select_option(label="Contoso")
        page.get_by_label("Select Portal Language").select_option(label="English (United States)")
        page.get_by_label("Select Portal Administrator").select_option(label="Gloria Amani")
        page.get_by_label("Customer", exact=True).check()
        page.get_by_label("Customer Self-Service Portal").check()
        page.get_by_role("button", name="Submit").click()
        page.get_by_role("button", name="Accept").click()

        def installed() -> bool:
            page.goto(f"{stack.url}/applications/?type=production")
            return row.count() > 0

        until(installed, what="a portal")
    return row.first.get_attribute("data-portal") or ""


def _with_domain(page: Page, stack: Stack, portal: str) -> str:
    """A custom domain whose job waits for its record; the address of its certificate."""
    root = authority()
    file = packed(root.issue("support.fabrikam.shop", ["support.fabrikam.shop"]), [root.certificate], SECRET)
    page.goto(f"{stack.url}/portals/{portal}/domains/add/")
    if page.locator('[data-wizard-step="certificate"]').count():
        upload: FilePayload = {"name": "a.pfx", "mimeType": "application/x-pkcs12", "buffer": file}
        page.get_by_label("File").set_input_files(upload)
        page.get_by_label("Password").fill(SECRET)
        page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name="Next").click()
        page.locator("[data-job]").wait_for()
    page.goto(f"{stack.url}/portals/{portal}/domains/")
    return _link(page, "support.fabrikam.shop")


def _failed_installation(page: Page, stack: Stack) -> str:
    """An installation on the sandbox that failed, since what it needs is not there; the address of its Retry page."""
    page.goto(f"{stack.url}/instances/")
    page.get_by_role("link", name="Manage the solutions of Contoso Sandbox").click()
    row = page.locator('tr[data-solution="PartnerFieldService"]')
    if row.get_attribute("data-solution-state") != "install-failed":
        row.get_by_role("button", name="Install").click()
    retry = row.get_by_role("link", name="Retry")
    retry.wait_for()
    return retry.get_attribute("href") or ""


def test_every_route_is_a_page_that_is_looked_at_or_none(pages: dict[str, str]) -> None:
    assert set(ROUTES) == NO_PAGES | (set(pages) - {"not found"})


@pytest.mark.parametrize(
    ("dark", "width", "language"),
    [(False, 1280, "en"), (True, 1280, "en"), (False, 320, "de"), (False, 1280, "ar")],
)
def test_no_page_has_a_barrier_or_runs_out_of_the_window(
    visit: Visit, pages: dict[str, str], dark: bool, width: int, language: str
) -> None:
    visitor = visit(dark=dark, width=width)
    visitor.page.goto(visitor.stack.url + pages["accounts/login/"])
    found = look(visitor, "signed out")
    visitor.sign_in("global.admin")
    visitor.page.set_extra_http_headers({"Accept-Language": language})
    for address in pages.values():
        visitor.page.goto(visitor.stack.url + address)
        found += look(visitor, UUID.sub("/…/", address))
    assert found == []


def look(visitor: Visitor, name: str) -> list[str]:
    """What axe finds on the page, and whether it runs out of the window."""
    results = Axe().run(visitor.page)
    found = [
        f"{name}: {violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]
    over = visitor.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return [*found, *([f"{name}: {over} px too wide"] if over > 0 else [])]


def test_the_whole_form_can_be_filled_in_with_the_keyboard(visit: Visit) -> None:
    visitor, maker = visit(), visit()
    maker.sign_in("global.admin")
    scenes.add_on(maker)
    visitor.sign_in("system.admin")
    page = visitor.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    page.locator('tr[data-state="not-configured"]').last.get_by_role("link", name="Manage").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/configure/")
    page.get_by_label("Name").focus()
    page.keyboard.type("By keyboard")
    page.get_by_label("Portal URL").focus()
    page.keyboard.type("bykeyboard")
    page.wait_for_selector('[data-url-check="free"]')
    page.get_by_label("Customer", exact=True).focus()
    page.keyboard.press("Space")
    kind = page.get_by_label("Dynamics 365 Portals - Custom Portal")
    kind.wait_for()
    assert page.evaluate("document.activeElement.value") == "customer"  # the swap left the focus where it was
    kind.focus()
    page.keyboard.press("Space")
    assert kind.is_checked()

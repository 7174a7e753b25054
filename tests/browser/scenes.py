"""What more than one browser test does: provision a portal, hold the workers, shut an organization."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from tests.browser.conftest import Stack, Visitor
from tests.up.running import processes
from tests.waiting import until

CUSTOMER_SELF_SERVICE = "Customer Self-Service Portal"


@contextmanager
def held(stack: Stack, command: str) -> Iterator[None]:
    """While this lasts, processes of the stack with that word in their command stand still, as on a busy machine."""
    pids = [pid for pid, line in processes(stack.data_dir).items() if command in line]
    assert pids, f"no process of the stack is called {command}"
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def workers_held(stack: Stack) -> Iterator[None]:
    """No job goes on meanwhile."""
    with held(stack, "celery -A portaladmin worker"):
        yield


def add_on(visitor: Visitor, type: str = "Production") -> str:
    """One more add-on; its id."""
    page = visitor.page
    page.goto(f"{visitor.stack.url}/applications/add/")
    page.get_by_label(type).check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/applications/")
    page.goto(f"{visitor.stack.url}/applications/?sort=-created")
    row = page.locator('tr[data-state="not-configured"]').first
    return row.get_attribute("data-portal") or ""


def fill_in(
    visitor: Visitor,
    *,
    name: str,
    subdomain: str,
    javascript: bool = True,
    instance: str = "Contoso",
    language: str = "English (United States)",
    administrator: str = "Gloria Amani",
    audience: str = "Customer",
    kind: str = CUSTOMER_SELF_SERVICE,
) -> None:
    """Fill in Configure Your Portal, which is shown."""
    page = visitor.page
    page.get_by_label("Name").fill(name)
    page.get_by_label("Portal URL").fill(subdomain)
    page.get_by_label("Dynamics 365 Instance").select_option(label=instance)
    if not javascript:
        page.get_by_role("button", name="Show the languages and administrators").click()
    page.get_by_label("Select Portal Language").select_option(label=language)
    page.get_by_label("Select Portal Administrator").select_option(label=administrator)
    page.get_by_label(audience, exact=True).check()
    if not javascript:
        page.get_by_role("button", name="Show the portals for this audience").click()
    page.get_by_label(f"Dynamics 365 Portals - {kind}").check()


def to_the_terms(visitor: Visitor, portal_id: str, **values: str | bool) -> None:
    """Fill in the form of that portal and submit it; the terms of service are shown then."""
    page = visitor.page
    page.goto(f"{visitor.stack.url}/portals/{portal_id}/configure/")
    fill_in(visitor, **values)  # type: ignore[arg-type]
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/terms/")


def open_at_last(page: Page, address: str) -> None:
    """Go there, also from a page that is about to go somewhere by itself, which ends one of the two."""

    def arrived() -> bool:
        try:
            page.goto(address)
        except PlaywrightError as error:
            if "ERR_ABORTED" in str(error) or "interrupted" in str(error):
                return False
            raise
        return True

    until(arrived, what=address)


def await_phase(visitor: Visitor, portal_id: str, phase: str, packages: str = "") -> None:
    """Wait until the portal is there; the page is at its Manage then."""
    address = f"{visitor.stack.url}/portals/{portal_id}/"
    mark = f'data-portal="{portal_id}" data-state="{phase}"' + f' data-packages="{packages}"' * bool(packages)

    def there() -> bool:
        return mark in visitor.page.request.get(address).text()

    until(there, seconds=60, what=f"a portal that is {phase} {packages}")
    open_at_last(visitor.page, address)


def provisioned(
    visitor: Visitor, *, name: str, subdomain: str, type: str = "Production", **values: str | bool
) -> str:
    """One more portal with its packages installed; its id. The page is at Portal Details then."""
    portal_id = add_on(visitor, type)
    to_the_terms(visitor, portal_id, name=name, subdomain=subdomain, **values)
    visitor.page.get_by_role("button", name="Accept").click()
    await_phase(visitor, portal_id, "configured", "installed")
    return portal_id


def set_access(visitor: Visitor, instance: str, button: str) -> None:
    """Press one of the buttons of Access on that instance's page."""
    page = visitor.page
    page.goto(f"{visitor.stack.url}/instances/")
    path = page.get_by_role("link", name=instance, exact=True).first.get_attribute("href") or ""
    identifier = path.rstrip("/").rpartition("/")[2].rpartition("selected=")[2]
    page.goto(f"{visitor.stack.url}/instances/{identifier}/")
    page.get_by_role("button", name=button).click()
    page.wait_for_load_state()


def failed(visitor: Visitor, *, name: str, subdomain: str) -> str:
    """One more portal whose provisioning failed, since the organization shut us out meanwhile; it is open again."""
    portal_id = add_on(visitor)
    to_the_terms(visitor, portal_id, name=name, subdomain=subdomain)
    with workers_held(visitor.stack):
        visitor.page.get_by_role("button", name="Accept").click()
        visitor.page.wait_for_url("**/portals/*/")
        set_access(visitor, "Contoso", "Disable the user")
    await_phase(visitor, portal_id, "provisioning-failed")
    set_access(visitor, "Contoso", "Restore the user’s access")
    visitor.page.goto(f"{visitor.stack.url}/portals/{portal_id}/")
    return portal_id

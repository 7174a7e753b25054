"""Every page in both themes and several widths, as pictures to be looked at: `make gallery`, then open its index.html.

No test: nothing here fails because a page is ugly. The folder is GALLERY, and is not for the repository.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.browser import scenes
from tests.browser.conftest import Stack, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.stack]

# Theme and width in pixels. The widest is looked at in one theme only.
LOOKS = [(dark, width) for width in (320, 768, 1280) for dark in (False, True)] + [(False, 1920)]


def nothing(page: Page) -> None:
    return None


@dataclass(frozen=True)
class Scene:
    """One picture: who looks at which address, and what they do there first."""

    name: str
    address: str
    person: str = "global.admin"
    first: Callable[[Page], None] = nothing


def wrong_password(page: Page) -> None:
    page.get_by_label("E-mail address").fill("global.admin@contoso.example")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    page.locator("[data-error-code]").wait_for()


def refused(page: Page) -> None:
    page.get_by_label("Name").fill("Refused")
    page.get_by_label("Portal URL").fill("www")
    page.get_by_label("Partner", exact=True).check()
    page.get_by_label("Dynamics 365 Portals - Partner Portal").wait_for()
    page.get_by_role("button", name="Submit").click()
    page.locator("[data-error-code]").first.wait_for()


def no_file(page: Page) -> None:
    page.get_by_role("button", name="Next", exact=True).click()
    page.locator("[data-error-code]").first.wait_for()


def compared(page: Page) -> None:
    page.locator("summary").click()


def plan_opened(page: Page) -> None:
    page.locator("summary").click()


def looked_for(text: str) -> Callable[[Page], None]:
    def look(page: Page) -> None:
        page.get_by_label("Search").fill(text)
        page.get_by_text("No application matches").wait_for()

    return look


@dataclass(frozen=True)
class World:
    """What was made to be looked at."""

    add_on: str
    configured: str
    trial: str
    failed: str
    drafted: str
    was_reset: str
    instance: str
    job: str
    failed_job: str


def build(visitor: Visitor) -> World:
    """Portals in every state that lasts."""
    page = visitor.page
    configured = scenes.provisioned(visitor, name="Contoso Support", subdomain="contoso-support")
    page.goto(f"{visitor.stack.url}/portals/{configured}/details/")
    job = page.get_by_role("link", name="Provisioning", exact=True).get_attribute("href") or ""
    instance = page.get_by_role("link", name="Contoso", exact=True).get_attribute("href") or ""
    trial = scenes.provisioned(
        visitor,
        name="Partner-Portal für Händler mit einem langen Namen, wie ihn Leute nun einmal vergeben",
        subdomain="partner-portal-fuer-haendler-mit-langem-namen-2026",
        type="Trial",
        language="German (Germany)",
        audience="Partner",
        kind="Partner Portal",
    )
    failed = scenes.failed(visitor, name="Fabrikam Service", subdomain="fabrikam")
    failed_job = page.get_by_role("link", name="Details of this job").get_attribute("href") or ""
    drafted = scenes.add_on(visitor)
    scenes.to_the_terms(visitor, drafted, name="Drafted", subdomain="drafted")
    was_reset = scenes.provisioned(visitor, name="Was reset", subdomain="wasreset")
    page.goto(f"{visitor.stack.url}/portals/{was_reset}/reset/")
    page.get_by_role("button", name="Reset", exact=True).click()
    scenes.await_phase(visitor, was_reset, "reset")
    return World(
        scenes.add_on(visitor), configured, trial, failed, drafted, was_reset, instance, job, failed_job
    )


def lasting(world: World) -> list[Scene]:
    portal, add_on = f"/portals/{world.configured}", f"/portals/{world.add_on}"
    return [
        Scene("01-sign-in", "/accounts/login/", ""),
        Scene("02-sign-in-refused", "/accounts/login/", "", wrong_password),
        Scene("03-sign-out", "/accounts/logout/"),
        Scene("10-applications", "/applications/"),
        Scene("11-applications-selected", f"/applications/?selected={world.trial}"),
        Scene("12-applications-no-match", "/applications/", "global.admin", looked_for("zzqx")),
        Scene("13-applications-empty", "/applications/", "nobody"),
        Scene("14-applications-system-admin", "/applications/", "system.admin"),
        Scene("15-add", "/applications/add/"),
        Scene("16-add-not-allowed", "/applications/add/", "system.admin"),
        Scene("20-configure", f"{add_on}/configure/"),
        Scene("21-configure-refused", f"{add_on}/configure/", "global.admin", refused),
        Scene("22-configure-compared", f"{add_on}/configure/", "global.admin", compared),
        Scene("23-configure-draft", f"/portals/{world.drafted}/configure/"),
        Scene("24-configure-customizer", f"{add_on}/configure/", "customizer"),
        Scene("25-configure-no-instance", f"{add_on}/configure/", "service.admin"),
        Scene("26-terms", f"/portals/{world.drafted}/terms/"),
        Scene("30-failed", f"/portals/{world.failed}/", "global.admin", plan_opened),
        Scene("31-change-values", f"/portals/{world.failed}/provision/change/"),
        Scene("40-details", f"{portal}/details/"),
        Scene("41-details-trial", f"/portals/{world.trial}/details/"),
        Scene("42-actions", f"{portal}/actions/"),
        Scene("43-reset", f"{portal}/reset/"),
        Scene("44-was-reset", f"/portals/{world.was_reset}/"),
        Scene("45-convert", f"/portals/{world.trial}/convert/"),
        Scene("46-not-allowed", f"{portal}/details/", "nobody"),
        Scene("47-reset-not-now", f"{add_on}/reset/"),
        Scene("50-instances", "/instances/"),
        Scene(
            "51-instances-selected", f"/instances/?selected={world.instance.strip('/').rpartition('/')[2]}"
        ),
        Scene("52-instances-empty", "/instances/", "nobody"),
        Scene("53-instance", world.instance),
        Scene("55-languages", f"{world.instance}languages/"),
        Scene("54-solutions", f"{world.instance}solutions/"),
        Scene("54-solutions-upload", f"{world.instance}solutions/upload/"),
        Scene("55-languages-question", f"{world.instance}languages/?enable=1040"),
        Scene("56-labels", f"{world.instance}labels/?language=1031"),
        Scene("57-instance-address", f"{world.instance}address/"),
        Scene("58-web-api", f"{world.instance}connection/"),
        Scene("59-instance-add", "/instances/add/"),
        Scene("42-translations", f"{portal}/translations/"),
        Scene("42-portal-instance", f"{portal}/instance/"),
        Scene("60-jobs", "/jobs/"),
        Scene("61-jobs-no-match", "/jobs/?error=00000000"),
        Scene("62-jobs-empty", "/jobs/", "nobody"),
        Scene("63-job", world.job),
        Scene("64-job-failed", world.failed_job),
        Scene("70-system", "/system/"),
        Scene("71-system-not-allowed", "/system/", "system.admin"),
        Scene("66-jobs-failed-by-cause", "/jobs/failed/"),
        Scene("72-audit", "/audit/"),
        Scene("48-domains", f"{portal}/domains/"),
        Scene("49-domains-add", f"{portal}/domains/add/"),
        Scene("49-domains-add-refused", f"{portal}/domains/add/", "global.admin", no_file),
        Scene("73-certificates", "/certificates/"),
        Scene("50-instances-no-match", "/instances/?q=zzqx"),
        Scene("80-privacy", "/privacy/"),
        Scene("81-help-reset", "/help/reset/"),
        Scene("90-not-found", "/there-is-no-such-page/"),
        Scene("91-bad-request", "/applications/?q=%00"),
    ]


def passing(portal_id: str) -> list[Scene]:
    return [
        Scene("32-configuring", f"/portals/{portal_id}/"),
        Scene("33-configuring-details-not-now", f"/portals/{portal_id}/reset/"),
        Scene("17-applications-moving", "/applications/"),
        Scene("65-jobs-moving", "/jobs/"),
    ]


class Gallery:
    """Takes the pictures and keeps the list of them."""

    def __init__(self, folder: Path, stack: Stack, chromium: Browser) -> None:
        self.folder, self.stack, self.chromium = folder, stack, chromium
        self.taken: dict[str, list[str]] = {}
        self.sessions: dict[str, StorageState] = {}  # signing in too often is refused
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def visitor(self, person: str, *, dark: bool = False, width: int = 1280) -> Iterator[Visitor]:
        context = self.chromium.new_context(
            viewport={"width": width, "height": 640 if width == 320 else 900},
            color_scheme="dark" if dark else "light",
            storage_state=self.sessions.get(person),
        )
        context.set_default_timeout(15_000)
        visitor = Visitor(self.stack, context.new_page(), [])
        if person and person not in self.sessions:
            visitor.sign_in(person)
            self.sessions[person] = context.storage_state()
        yield visitor
        context.close()

    def take(self, scenes: list[Scene], looks: Sequence[tuple[bool, int]] = LOOKS) -> None:
        wanted = os.environ.get("SCENES", "")
        chosen = [scene for scene in scenes if wanted in scene.name]
        for dark, width in looks:
            for person in dict.fromkeys(scene.person for scene in chosen):
                with self.visitor(person, dark=dark, width=width) as visitor:
                    for scene in chosen:
                        if scene.person == person:
                            visitor.page.goto(self.stack.url + scene.address)
                            scene.first(visitor.page)
                            self.picture(visitor.page, scene.name, dark, width)

    def picture(self, page: Page, name: str, dark: bool, width: int) -> None:
        file = f"{name}-{width}-{'dark' if dark else 'light'}.png"
        page.screenshot(path=self.folder / file, full_page=True, animations="disabled")
        self.taken.setdefault(name, []).append(file)

    def write_index(self) -> None:
        rows = "".join(
            f"<h2>{escape(name)}</h2><p>"
            + "".join(
                f'<a href="{file}"><img src="{file}" alt="{file}" loading="lazy"></a>' for file in files
            )
            for name, files in sorted(self.taken.items())
        )
        style = (
            "body{font:1rem sans-serif}img{width:24rem;margin:.5rem;vertical-align:top;border:1px solid #888}"
        )
        (self.folder / "index.html").write_text(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title><style>{style}</style>'
            f"<h1>Every page</h1>{rows}"
        )


def show_everything(gallery: Gallery, looks: Sequence[tuple[bool, int]] = LOOKS) -> None:
    """Build the world, and take every scene."""
    with gallery.visitor("global.admin") as visitor:
        world = build(visitor)
        gallery.take(lasting(world), looks)
        moving = scenes.add_on(visitor)
        scenes.to_the_terms(visitor, moving, name="On its way", subdomain="onitsway")
        with scenes.workers_held(gallery.stack):
            visitor.page.get_by_role("button", name="Accept").click()
            visitor.page.wait_for_url("**/portals/*/")
            gallery.take(passing(moving), looks)


def test_take_the_pictures(stack: Stack, chromium: Browser) -> None:
    gallery = Gallery(Path(os.environ.get("GALLERY") or stack.data_dir / "gallery"), stack, chromium)
    show_everything(gallery)
    gallery.write_index()
    assert gallery.taken

"""Axe looks at pages in every state that they have: refused, empty, selected, failed, moving, not allowed."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Stack
from tests.browser.gallery import Gallery, show_everything

pytestmark = [pytest.mark.browser, pytest.mark.stack]


class Examination(Gallery):
    """Looks at what a gallery would show, instead of taking pictures of it."""

    found: list[str]

    def picture(self, page: Page, name: str, dark: bool, width: int) -> None:
        look = f"{name} {'dark' if dark else 'light'} {width}"
        for violation in Axe().run(page).response["violations"]:
            for node in violation["nodes"]:
                self.found.append(f"{look}: {violation['id']}: {node['html'][:160]}")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            self.found.append(f"{look}: {over} px too wide")
        if page.locator("h1").count() != 1 or not page.locator("h1").inner_text().strip():
            self.found.append(f"{look}: not one heading of the first level")


def test_no_state_of_a_page_has_a_barrier(
    stack: Stack, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    examination = Examination(tmp_path_factory.mktemp("nothing"), stack, chromium)
    examination.found = []
    show_everything(examination, [(False, 1280), (True, 320)])
    assert examination.found == []

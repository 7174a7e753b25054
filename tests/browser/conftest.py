"""A real Chromium against the whole product, started as `make up` starts it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.up.running import Run, free_port, started

PASSWORD = "browser journey 1"
# All these people share one address, and a fast machine lets them in faster than real ones come.
MANY = "1000"
# Without these, Chromium asks its maker's servers at every start; as root it wants no sandbox.
ARGUMENTS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"


@dataclass(frozen=True)
class Stack:
    """The running product."""

    port: int
    data_dir: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def portal_url(self, subdomain: str) -> str:
        return f"http://{subdomain}.portals.localhost:{self.port}/"


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    port, data_dir = free_port(), tmp_path_factory.mktemp("stack") / "data"
    with started(Run(data_dir, port, DEMO_PASSWORD=PASSWORD, SIGN_INS_PER_MINUTE=MANY)):
        yield Stack(port, data_dir)


def _chromium(playwright: Playwright) -> str | None:
    """CHROMIUM, the PATH, or Playwright's own."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and (found := shutil.which(name)):
            return found
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """One for all browsers, since it cannot be started twice in a thread; and for no other test, since an event loop
    of its runs in this thread, where nobody else can run one until it ends.
    """
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    executable = _chromium(playwright)
    if executable is None:
        message = "There is no Chromium here (CHROMIUM, the PATH, Playwright's own): no browser test runs."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS
    browser = playwright.chromium.launch(executable_path=executable, args=arguments)
    yield browser
    browser.close()


@dataclass(frozen=True)
class Visitor:
    """One person at a browser. What the browser's console says against a page is kept in `complaints`."""

    stack: Stack
    page: Page
    complaints: list[str]

    def sign_in(self, local: str) -> None:
        self.page.goto(self.stack.url + "/")
        self.sign_in_here(local)
        self.page.wait_for_url("**/applications/")

    def sign_in_here(self, local: str) -> None:
        """At the sign-in page, which is shown; it leads to wherever one wanted to go."""
        self.page.get_by_label("E-mail address").fill(f"{local}@contoso.example")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(stack: Stack, chromium: Browser) -> Iterator[Visit]:
    """Opens browsers of people who know nothing of each other; `javascript` and Playwright's options choose which."""
    contexts: list[BrowserContext] = []

    def make(*, javascript: bool = True, width: int = 1280, height: int = 900, dark: bool = False) -> Visitor:
        context = chromium.new_context(
            java_script_enabled=javascript,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        page, complaints = context.new_page(), []
        page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Visitor(stack, page, complaints)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def picture() -> Callable[[Visitor, str], None]:
    """Keeps a picture for the documents when PICTURES is set (`make pictures`)."""

    def take(visitor: Visitor, name: str) -> None:
        if os.environ.get("PICTURES"):
            PICTURES.mkdir(parents=True, exist_ok=True)
            visitor.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    return take

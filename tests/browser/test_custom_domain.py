"""The wizard as a person does it, with real name servers, until Chromium opens the custom domain over HTTPS."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from playwright.sync_api import Browser, FilePayload, Page, Playwright, expect

from tests.browser.conftest import ARGUMENTS, PASSWORD, Stack, Visitor, _chromium
from tests.browser.test_accessibility import look
from tests.browser.test_journey import choose
from tests.domains.authority import DAY, NOW, Issued, PrivateKey, authority, elliptic
from tests.domains.corpus import SECRET, packed
from tests.domains.dns.servers import Internet, internet
from tests.up.running import Run, free_port, started
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.stack]

HOST = "support.contoso.com"
SUBDOMAIN = "customdomain"
# Seconds for which name servers may say that there is no record, once there is one.
NEGATIVE = 2


@dataclass(frozen=True)
class Place:
    """The product with name servers of its own, and where its edge listens."""

    stack: Stack
    net: Internet
    https_port: int

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.https_port}/"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    port, data_dir = free_port(), tmp_path_factory.mktemp("domain") / "data"
    with internet(negative=NEGATIVE) as net:
        run = Run(
            data_dir,
            port,
            DEMO_PASSWORD=PASSWORD,
            DNS_RESOLVERS=f"{net.RESOLVER}:{net.port}",
            DNS_LOOPBACK_PORT=str(net.port),
        )
        with started(run):
            yield Place(Stack(port, data_dir), net, run.https_port)


@pytest.fixture(scope="module")
def root() -> Issued:
    return authority()


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    """Of all certificates here: the one that this test's Chromium trusts."""
    return elliptic()


@pytest.fixture(scope="module")
def browser(playwright: Playwright, key: PrivateKey) -> Iterator[Browser]:
    """Chromium that finds the host here, and takes certificates of that key: no authority that it knows issued them."""
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = hashes.Hash(hashes.SHA256())
    digest.update(spki)
    browser = playwright.chromium.launch(
        executable_path=_chromium(playwright),
        args=[
            *ARGUMENTS,
            "--no-sandbox",
            f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
            f"--ignore-certificate-errors-spki-list={base64.b64encode(digest.finalize()).decode()}",
        ],
    )
    yield browser
    browser.close()


@pytest.fixture
def visitor(place: Place, browser: Browser) -> Iterator[Visitor]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    yield Visitor(place.stack, context.new_page(), [])
    context.close()


def upload(page: Page, file: bytes, password: str) -> None:
    payload: FilePayload = {"name": "a.pfx", "mimeType": "application/x-pkcs12", "buffer": file}
    page.get_by_label("File").set_input_files(payload)
    page.get_by_label("Password").fill(password)


def step(page: Page, name: str) -> None:
    expect(page.locator(f'[data-wizard-step="{name}"]')).to_be_visible(timeout=30_000)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def provisioned(visitor: Visitor) -> str:
    """A production portal whose packages are installed; its id. The page is at Portal Details then."""
    page = visitor.page
    page.goto(f"{visitor.stack.url}/applications/?type=production")
    page.locator('tr[data-state="not-configured"]').first.get_by_role("link", name="Manage").click()
    choose(visitor, name="Customdomain", subdomain=SUBDOMAIN, javascript=True, kind="Custom Portal")
    press(page, "Submit")
    press(page, "Accept")
    page.wait_for_url("**/portals/*/**")
    portal = page.url.split("/portals/")[1].split("/")[0]

    def installed() -> bool:
        page.goto(f"{visitor.stack.url}/portals/{portal}/details/")
        return page.locator('[data-packages="installed"]').count() > 0

    until(installed, seconds=60, what="the packages")
    return portal


def test_from_a_pfx_file_to_the_portal_at_its_own_name(
    place: Place,
    visitor: Visitor,
    root: Issued,
    key: PrivateKey,
    picture: Callable[[Visitor, str], None],
) -> None:
    page = visitor.page
    file = packed(root.issue(HOST, [HOST], key=key), [], SECRET)
    visitor.sign_in("global.admin")
    portal = provisioned(visitor)
    page.get_by_role("link", name="Portal Actions").click()
    page.get_by_role("link", name="Add a custom domain name").click()

    step(page, "certificate")
    found = look(visitor, "certificate")
    upload(page, file, "wrong")
    press(page, "Next")
    expect(page.locator('[data-error-code="bad_password_or_damaged"]')).to_be_visible()
    picture(visitor, "domain-certificate-refused")
    upload(page, file, SECRET)
    press(page, "Next")

    step(page, "hostname")
    found += look(visitor, "hostname")
    expect(page.get_by_label("Domain Name")).to_have_value(HOST)
    page.get_by_label("Domain Name").fill("support.contoso.com/help")
    press(page, "Next")
    expect(page.locator('[data-error-code="hostname_path"]')).to_be_visible()
    page.get_by_label("Domain Name").fill(HOST)
    press(page, "Next")

    step(page, "binding")
    found += look(visitor, "review")
    picture(visitor, "domain-review")
    press(page, "Next")
    expect(page.get_by_text("Please add a CNAME record to this domain name.")).to_be_visible(timeout=30_000)
    expect(page.locator("#evidence td", has_text=place.net.FIRST).first).to_be_visible()
    found += look(visitor, "waiting")
    picture(visitor, "domain-waiting")

    # The record comes; the page goes on by itself, and nobody presses anything.
    place.net.put(f"support 60 IN CNAME {SUBDOMAIN}.portals.localhost.\n")
    step(page, "confirmation")
    found += look(visitor, "confirmation")
    picture(visitor, "domain-confirmation")
    expect(
        page.get_by_text("Custom Domain name has been successfully configured for this Portal.")
    ).to_be_visible()

    page.get_by_role("link", name=HOST).click()
    page.wait_for_url(place.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    answer = page.reload()
    assert answer is not None
    assert answer.headers["x-portal-state"] == "live"
    details = answer.security_details()
    assert details is not None
    assert details["subjectName"] == HOST
    assert details["issuer"] == "Contoso Test Root"
    picture(visitor, "domain-served")

    page.goto(f"{place.stack.url}/portals/{portal}/domains/add/")
    press(page, "Finish")
    row = page.locator(f'[data-domain="{HOST}"]')
    expect(row).to_have_attribute("data-domain-state", "bound")
    found += look(visitor, "domains")
    picture(visitor, "domains")
    assert found == []


def served(place: Place) -> x509.Certificate:
    """What a new connection is shown; Chromium goes on to use the ones that it has."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", place.https_port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as secured,
    ):
        return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")


def test_a_renewal_is_served_and_then_the_domain_is_removed(
    place: Place, visitor: Visitor, root: Issued, key: PrivateKey
) -> None:
    page = visitor.page
    visitor.sign_in("global.admin")
    page.goto(f"{place.stack.url}/certificates/")
    page.get_by_role("link", name=HOST, exact=True).first.click()
    upload(page, packed(root.issue(HOST, [HOST], key=key, ends=NOW + 180 * DAY), [], SECRET), SECRET)
    press(page, "Replace")
    expect(page.get_by_text("without a gap").first).to_be_visible()

    until(lambda: served(place).not_valid_after_utc > NOW + 170 * DAY, what="the renewal")
    page.goto(f"{place.stack.url}/applications/")
    page.locator("tr", has_text=SUBDOMAIN.title()).get_by_role("link", name="Manage").click()
    page.get_by_role("link", name="Set up custom domains and SSL").click()
    page.get_by_role("link", name="Remove").click()
    press(page, "Remove")

    def gone() -> bool:
        page.get_by_role("link", name="Set up custom domains and SSL").click()
        return page.locator(f'[data-domain="{HOST}"]').count() == 0

    until(gone, what="the removal")


def test_a_file_of_the_test_never_reached_a_disk(place: Place) -> None:
    """Neither the upload nor the key is anywhere in the folder of the installation, in clear."""
    for path in Path(place.stack.data_dir).rglob("*"):
        if path.is_file() and path.stat().st_size < 50_000_000:
            assert b"BEGIN PRIVATE KEY" not in path.read_bytes(), path

"""Every page in every language: its language and direction, and nothing of it left in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone, translation
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from domains.models import Certificate
from jobs.models import Job
from organizations.models import Instance
from portaladmin.catalogs.extracting import texts
from provisioning.models import Portal
from provisioning.phases import Phase
from tests.portaladmin.test_doors import ROUTES
from tests.provisioning.conftest import SignIn, World, run_all

LANGUAGES = [code for code, _ in settings.LANGUAGES]
_SPOKEN_ATTRIBUTES = {"aria-label", "title", "placeholder", "data-label", "alt"}
_VOID = {"meta", "link", "input", "br", "img", "hr", "use"}
# Names of products, forms of data, and what people entered.
_NAMES = re.compile(
    r"Dynamics 365|Portal Admin Center|Contoso\w*|Getting set up|Project Service(?: Automation)?|Field Service"
    r"|Azure AD|[\w.]+@[\w.]+|https?://\S+|[A-Z]\w+ A\w+|\S+\.(?:localhost|example)\S*|[0-9a-f-]{36}|UTC|URL|CSV|UAT"
)


class Reader(HTMLParser):
    """What a person reads or hears of a page, without what is marked as another language, code or somebody's name."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.root: dict[str, str | None] = {}
        self.read: list[str] = []

    @property
    def foreign(self) -> bool:
        return any(other for _, other in self.open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.root = given
        other = tag != "html" and (
            "lang" in given or "dir" in given or tag in {"bdi", "code", "script", "style"}
        )
        if tag not in _VOID:
            self.open.append((tag, other))
        if not self.foreign:
            self.read += [value for name, value in attrs if name in _SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        while self.open:
            name, _ = self.open.pop()
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.foreign:
            self.read.append(" ".join(data.split()))


@pytest.fixture
def addresses(world: World, web: LiveServer) -> list[str]:
    """A page of each kind, of portals in every phase."""
    finished = world.submit()
    run_all()
    add_on = Portal.objects.filter(phase="not-configured").order_by("created_at", "id")[0]
    active = world.submit(
        Portal.objects.filter(phase="not-configured").order_by("-created_at")[0], subdomain="second1"
    )
    failed = Job.objects.get(pk=active.id)
    ids = {
        "job_id": [finished.id, failed.id],
        "portal_id": [finished.inputs["portal_id"], add_on.id, active.inputs["portal_id"]],
        "instance_id": [world.production.id],
        "certificate_id": [_certificate(world).id],
    }
    found = []
    for route in ROUTES:
        name = re.search(r"<uuid:(\w+)>", route)
        found += ["/" + re.sub(r"<[^>]+>", str(value), route) for value in (ids[name[1]] if name else [""])]
    return [*found, "/applications/?q=nothing", "/there-is-no-such-page/"]


def _certificate(world: World) -> Certificate:
    now = timezone.now()
    dates = {"not_before": now, "not_after": now + timedelta(1), "ends_at": now + timedelta(1)}
    return Certificate.objects.create(
        instance=world.production, subject="x.shop", names=["x.shop"], is_trusted=False, **dates
    )


def pages(browser: Client, addresses: list[str]) -> Iterator[tuple[str, str]]:
    for address in addresses:
        response = browser.get(address)
        if response.status_code in {200, 403, 404} and response["Content-Type"].startswith("text/html"):
            yield address, response.content.decode()


def test_every_page_speaks_the_language_that_was_chosen(sign_in: SignIn, addresses: list[str]) -> None:
    browser = sign_in("global.admin")
    found = [problem for code in LANGUAGES for problem in _walk(browser, code, addresses)]
    manage = [address for address in addresses if address.startswith("/portals/")]
    for phase in set(Phase) - {Phase.NOT_CONFIGURED}:
        _all_in(phase)
        found += _walk(browser, "ar", manage)
    assert sorted(set(found)) == []


def _walk(browser: Client, code: str, addresses: list[str]) -> Iterator[str]:
    """What is wrong with the pages in that language."""
    User.objects.update(language=code)
    left_over = _left_over(code)
    seen = 0
    for address, html in pages(browser, addresses):
        reader = Reader()
        reader.feed(html)
        if reader.root:
            seen += 1
            told = (reader.root["lang"], reader.root["dir"])
            if told != (code, "rtl" if code == "ar" else "ltr"):
                yield f"{address}: says that it is {told}"
        for text in reader.read:
            if text in left_over or (code == "ar" and _has_english_words(text)):
                yield f"{address} ({code}): {text}"
    assert seen


@cache
def _left_over(code: str) -> set[str]:
    """Texts that read otherwise in that language."""
    found = {" ".join(text.singular.split()) for text in texts()}
    with translation.override(code):
        shown = {text: translation.gettext(text) for text in found}
    return {text for text in found if shown[text] != text} - set(shown.values())


def _all_in(phase: str) -> None:
    """Puts the configured portals into a phase, as the jobs would."""
    for portal in Portal.objects.exclude(provision_job=None):
        Portal.objects.filter(pk=portal.pk).update(
            phase=phase, reset_job=portal.provision_job, instance_job=portal.provision_job
        )


def _has_english_words(text: str) -> bool:
    """Two words of small letters in a page that has no Latin letters of its own: nobody has marked that text."""
    return bool(re.search(r"[A-Za-z]{2,} [a-z]{2,}", _NAMES.sub(" ", text)))


def test_refused_forms_say_so_in_the_language(world: World, sign_in: SignIn) -> None:
    browser = sign_in("system.admin")
    User.objects.update(language="de")
    address = f"/portals/{world.portal().id}/configure/"
    html = browser.post(
        address, world.values(name="n" * 101, subdomain="admin", template="")
    ).content.decode()
    assert "Ein Name hat höchstens 100 Zeichen; dieser hat 101." in html
    assert "„admin“ ist reserviert. Wählen Sie etwas anderes." in html
    assert "Wählen Sie das bereitzustellende Portal aus." in html
    assert "die unten markierten Felder" in html
    assert 'data-error-code="subdomain_reserved"' in html
    one = browser.post(address, world.values(name="")).content.decode()
    assert "das unten markierte Feld" in one


def test_what_is_stored_is_english_whoever_asked(world: World, web: LiveServer, sign_in: SignIn) -> None:
    User.objects.update(language="ar")
    job = world.submit()
    Instance.objects.update(state="disabled")
    run_all()
    job.refresh_from_db()
    step = job.steps.get(name="validate")
    assert step.error_message.isascii() or "’" in step.error_message
    html = sign_in("system.admin").get(f"/jobs/{job.id}/").content.decode()
    assert f'<span class="step-error" lang="en" dir="auto">{step.error_message[:20]}' in html

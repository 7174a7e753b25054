"""What people see when a request cannot be answered, and what keeps too much from being sent."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from accounts.models import User
from portaladmin import errors
from provisioning import listing
from provisioning.models import Portal
from provisioning.services import add_ons

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(global_admin: User) -> Client:
    client = Client(HTTP_HOST="localhost", raise_request_exception=False)
    client.force_login(global_admin)
    return client


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise RuntimeError("the secret cause")

    monkeypatch.setattr(listing, "listing", fail)


def test_a_failure_has_an_error_id_that_the_log_has_too(
    browser: Client, broken: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        response = browser.get("/applications/")
    assert response.status_code == 500
    html = response.content.decode()
    found = re.search(r"<code>([0-9A-F]{8})</code>", html)
    assert found
    assert "secret cause" not in html
    record = next(r for r in caplog.records if r.name == errors.__name__)
    assert found[1] in record.getMessage()
    assert record.exc_info
    assert "secret cause" in str(record.exc_info[1])


def test_its_page_stands_alone_and_speaks_the_language(browser: Client, broken: None) -> None:
    response = browser.get("/applications/", headers={"Accept-Language": "ar"})
    html = response.content.decode()
    assert '<html lang="ar" dir="rtl">' in html
    assert "shell/plain.css" in html
    assert "<script" not in html
    assert "unsafe" not in response["Content-Security-Policy"]


def test_it_is_shown_even_when_no_static_file_was_collected(
    browser: Client, broken: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(path: str) -> str:
        raise ValueError("no manifest")

    monkeypatch.setattr(errors, "static", missing)
    response = browser.get("/applications/")
    assert response.status_code == 500
    assert b"stylesheet" not in response.content


def test_a_bad_request_is_explained(browser: Client) -> None:
    response = browser.get("/applications/?q=%00")
    assert response.status_code == 400
    assert b"cannot be understood" in response.content
    assert b"shell/plain.css" in response.content


def test_too_many_fields_are_too_large(browser: Client, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 10
    response = browser.post("/applications/add/", {f"field{number}": "x" for number in range(20)})
    assert response.status_code == 413
    assert b"More was sent than is taken here" in response.content


def test_a_text_that_is_too_long_is_too_large(browser: Client, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert browser.post("/applications/add/", {"type": "x" * 2000}).status_code == 413


@pytest.mark.parametrize("path", ["/accounts/login/", "/applications/add/", "/there-is-no-such-page/"])
def test_a_body_that_is_too_large_is_refused_before_it_is_read(settings: LazySettings, path: str) -> None:
    settings.MAX_BODY_BYTES = 10_000
    stranger = Client(HTTP_HOST="localhost")
    large = SimpleUploadedFile("large.pfx", b"x" * 20_000)
    response = stranger.post(path, {"file": large})
    assert response.status_code == 413
    assert response["X-Content-Type-Options"] == "nosniff"


def test_portals_have_the_same_limit_and_do_not_speak_of_the_admin_center(settings: LazySettings) -> None:
    settings.MAX_BODY_BYTES = 10
    response = Client(HTTP_HOST="help.portals.localhost").post("/", {"text": "much too long for that"})
    assert response.status_code == 413
    assert b"Admin Center" not in response.content


@pytest.mark.parametrize("length", ["-1", "1e3", "x"])
def test_a_length_that_is_none_is_too_large(length: str) -> None:
    response = Client(HTTP_HOST="localhost").post("/accounts/login/", {}, CONTENT_LENGTH=length)
    assert response.status_code == 413


def test_an_address_that_only_takes_a_form_says_so(browser: Client) -> None:
    path = "/portals/3f0d2b9c-6a1f-4f6e-9a53-0c7f6f6f5d11/provision/restart/"
    response = browser.get(path)
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert b"This address only takes a form" in response.content


def test_a_page_that_is_not_there_and_one_that_is_not_allowed_lead_back(
    browser: Client, nobody: User
) -> None:
    assert b'href="/"' in browser.get("/nothing/").content
    browser.force_login(nobody)
    response = browser.get("/applications/add/")
    assert response.status_code == 403
    assert b"Only a Global Administrator can add applications." in response.content
    assert b'href="/"' in response.content


def test_too_many_requests_are_told_to_wait(browser: Client) -> None:
    from django.shortcuts import render
    from django.test import RequestFactory

    html = render(RequestFactory().get("/", HTTP_HOST="localhost"), "429.html", status=429).content
    assert b"Please wait a minute" in html


# --- when nothing can be saved ------------------------------------------------------------------------------


@pytest.fixture
def full() -> Iterator[Callable[[], None]]:
    """The disk of the database is full: it takes in no portal. Called, there is room again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';"
            " END $$;"
            "CREATE TRIGGER disk_full BEFORE INSERT ON provisioning_portal EXECUTE FUNCTION pg_temp.disk_full()"
        )

        def room() -> None:
            cursor.execute("DROP TRIGGER IF EXISTS disk_full ON provisioning_portal")

        yield room
        room()


def hidden(html: str) -> list[tuple[str, str]]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html)
    return [(unescape(name), unescape(value)) for name, value in found]


def test_what_cannot_be_saved_is_kept_on_the_page_and_can_be_sent_again(
    browser: Client, full: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    sent = {"type": "trial", "note": '"><b>ü', "several": ["a", "b"], "csrfmiddlewaretoken": "token"}
    with caplog.at_level(logging.ERROR):
        response = browser.post("/applications/add/", sent)
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    html = response.content.decode()
    assert "Nothing was saved" in html
    found = re.search(r"<code>([0-9A-F]{8})</code>", html)
    assert found
    assert any(found[1] in record.getMessage() for record in caplog.records)
    kept = hidden(html)
    assert ("type", "trial") in kept
    assert ("note", '"><b>ü') in kept
    assert [value for name, value in kept if name == "several"] == ["a", "b"]
    assert ("csrfmiddlewaretoken", "token") in kept
    assert not Portal.objects.exists()
    full()
    assert browser.post("/applications/add/", dict(kept)).status_code == 302
    assert Portal.objects.get().type == "trial"


def test_neither_passwords_nor_files_are_written_into_that_page(
    browser: Client, full: Callable[[], None]
) -> None:
    file = SimpleUploadedFile("a.pfx", b"x")
    sent = {"type": "trial", "password": "hush", "client_secret": "hush", "file": file}
    html = browser.post("/applications/add/", sent).content.decode()
    assert "hush" not in html
    assert ("type", "trial") in hidden(html)
    assert "you will be asked for them again" in html


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_gone_is_told_in_the_same_way(
    browser: Client, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(**values: Any) -> None:
        raise error("the connection is closed")

    monkeypatch.setattr(add_ons, "add", fail)
    assert browser.post("/applications/add/", {"type": "trial"}).status_code == 503


def test_other_failures_of_a_form_are_not_called_so(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**values: Any) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(add_ons, "add", fail)
    response = browser.post("/applications/add/", {"type": "trial"})
    assert response.status_code == 500
    assert b"Nothing was saved" not in response.content

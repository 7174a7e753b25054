"""What a report of an error shows (Django's own has the variables of every frame): nothing of a key or a password."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.utils.html import escape
from django.views.debug import ExceptionReporter

from accounts import audit
from domains.certificates import judging, opening
from domains.models import Certificate
from tests.domains.authority import Issued
from tests.domains.conftest import HOST, SignIn, World
from tests.domains.corpus import der_key, packed
from tests.domains.test_certificate_pages import upload

pytestmark = pytest.mark.django_db
HUSH = "-".join(["hush"] * 2)  # not as the lines of this file have it, which reports show, too


class Broken(Exception):
    """Something that nobody thought of."""


def broken(*args: Any, **options: Any) -> Any:
    raise Broken


def _is_ours(trace: TracebackType) -> bool:
    return str(trace.tb_frame.f_globals["__name__"]).startswith(
        ("domains.", "accounts.vault", "django.views")
    )


@contextmanager
def reported() -> Iterator[list[str]]:
    told: list[str] = []
    try:
        yield told
    except Broken as error:
        trace = error.__traceback__
        # From our own code on: what called it here has the secrets for the test.
        while trace is not None and not _is_ours(trace):
            trace = trace.tb_next
        reporter = ExceptionReporter(RequestFactory().post("/"), Broken, error, trace)
        told += [reporter.get_traceback_html(), reporter.get_traceback_text()]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (opening, "_read"),
        (opening, "_understood"),
        (judging, "_leaf"),
        (judging, "_key_pem"),
        (audit, "record"),
        (Certificate, "save"),
        (base64, "b64encode"),
    ],
)
def test_no_report_shows_the_key_or_the_password_of_an_upload(
    sign_in: SignIn, world: World, root: Issued, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    browser: Client = sign_in("system.admin")
    leaf = root.issue(HOST, [HOST])
    file = SimpleUploadedFile("a.pfx", packed(leaf, [], HUSH))
    key = serialization.load_der_private_key(der_key(leaf.key), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    secrets = [HUSH, key.decode().splitlines()[1], repr(der_key(leaf.key))[60:120]]
    with reported() as told:
        monkeypatch.setattr(place, name, broken)
        upload(browser, file, world, password=HUSH)
    monkeypatch.undo()
    assert told
    assert not [
        secret for secret in secrets for report in told if secret in report or escape(secret) in report
    ]

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from portaladmin import entrypoint


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret_key"
    path.write_text("s3cret with $igns\n")
    return path


def test_secrets_come_out_of_their_files(secret: Path) -> None:
    given = {"SECRET_KEY_FILE": str(secret), "SSL_CERT_FILE": "/etc/certificates", "PATH": "/bin"}
    assert entrypoint.environment(given) == {
        "SECRET_KEY": "s3cret with $igns",
        "SSL_CERT_FILE": "/etc/certificates",
        "PATH": "/bin",
    }


def test_what_is_given_plainly_stays() -> None:
    assert entrypoint.environment({"SECRET_KEY": "plain", "SECRET_KEY_FILE": ""}) == {"SECRET_KEY": "plain"}


def test_both_ways_at_once_are_refused(secret: Path) -> None:
    with pytest.raises(SystemExit, match="Both REDIS_URL and REDIS_URL_FILE"):
        entrypoint.environment({"REDIS_URL": "redis://a", "REDIS_URL_FILE": str(secret)})


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_secret_that_is_not_there_stops_the_start(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit, match="ENCRYPTION_KEYS_FILE"):
        entrypoint.environment({"ENCRYPTION_KEYS_FILE": str(path)})


def test_it_becomes_the_command_and_keeps_its_words(secret: Path) -> None:
    code = "import os, sys; print(os.environ['SECRET_KEY'], sys.argv[1:], os.getpid())"
    process = subprocess.Popen(
        [sys.executable, "-m", "portaladmin.entrypoint", sys.executable, "-c", code, "two words"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "SECRET_KEY_FILE": str(secret)},
        stdout=subprocess.PIPE,
        text=True,
    )
    said, _ = process.communicate(timeout=30)
    assert said.split("\n")[0] == f"s3cret with $igns ['two words'] {process.pid}"


def test_without_a_command_it_says_so() -> None:
    with pytest.raises(SystemExit, match="Which command"):
        entrypoint.main([])

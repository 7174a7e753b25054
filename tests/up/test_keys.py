"""Secrets: made once, kept closed, and given ones first."""

import base64
from pathlib import Path

from portaladmin.up import keys


def test_they_are_made_once(tmp_path: Path) -> None:
    first = keys.settle(tmp_path, {})

    assert keys.settle(tmp_path, {}) == first
    assert len(first["SECRET_KEY"]) >= 50
    number, _, key = first["ENCRYPTION_KEYS"].partition(":")
    assert number == "1"
    assert len(base64.b64decode(key, validate=True)) == 32
    assert {path.name for path in tmp_path.iterdir()} == {"secret_key", "encryption_keys", "demo_password"}
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_given_ones_win(tmp_path: Path) -> None:
    given = {"SECRET_KEY": "s", "ENCRYPTION_KEYS": "1:e", "DEMO_PASSWORD": "d"}

    assert keys.settle(tmp_path, given) == given
    assert not (tmp_path / "secret_key").exists()
    assert not (tmp_path / "encryption_keys").exists()


def test_a_given_password_is_what_the_next_start_prints(tmp_path: Path) -> None:
    keys.settle(tmp_path, {"DEMO_PASSWORD": "given once"})

    assert keys.settle(tmp_path, {})["DEMO_PASSWORD"] == "given once"
    assert (tmp_path / "demo_password").stat().st_mode & 0o777 == 0o600


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")

    assert len(keys.settle(tmp_path, {})["SECRET_KEY"]) >= 50

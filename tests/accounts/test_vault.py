from __future__ import annotations

import os

import pytest
from django.conf import LazySettings

from accounts.vault import CannotOpen, seal, unseal


def test_what_was_sealed_opens_in_its_place() -> None:
    sealed = seal("hush — Ω", place="row:1")
    assert "hush" not in sealed
    assert unseal(sealed, place="row:1") == "hush — Ω"


def test_it_does_not_open_in_another_place() -> None:
    with pytest.raises(CannotOpen):
        unseal(seal("hush", place="row:1"), place="row:2")


@pytest.mark.parametrize("broken", ["", "v1", "v1.0.", "v1.x.AAAA", "v1.99.AAAA", "v2.0.AAAA", "v1.0.%%%%"])
def test_what_was_changed_does_not_open(broken: str) -> None:
    with pytest.raises(CannotOpen):
        unseal(broken, place="row:1")


def test_the_newest_key_seals_and_the_old_ones_still_open(settings: LazySettings) -> None:
    settings.ENCRYPTION_KEYS = {1: os.urandom(32)}
    old = seal("hush", place="row:1")
    settings.ENCRYPTION_KEYS = {**settings.ENCRYPTION_KEYS, 2: os.urandom(32)}
    assert seal("hush", place="row:1").startswith("v1.2.")
    assert unseal(old, place="row:1") == "hush"

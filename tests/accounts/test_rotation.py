from __future__ import annotations

import io
import os

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.models import TextField

from accounts import rotation, vault
from provisioning.models import Portal, PortalType, secret_place

pytestmark = pytest.mark.django_db
COLUMN = "provisioning.Portal.client_secret"


@pytest.fixture
def sealed(settings: LazySettings) -> list[Portal]:
    """Portals with a secret under key 1; key 2 is the newest."""
    settings.ENCRYPTION_KEYS = {1: os.urandom(32)}
    portals = [Portal.objects.create(type=PortalType.TRIAL) for _ in range(3)]
    for portal in portals[:2]:
        portal.client_secret = vault.seal("hush", place=secret_place(portal.pk))
        portal.save()
    settings.ENCRYPTION_KEYS = {**settings.ENCRYPTION_KEYS, 2: os.urandom(32)}
    return portals


def run() -> str:
    out = io.StringIO()
    call_command("rotate_keys", stdout=out, stderr=out)
    return out.getvalue()


def test_everything_comes_under_the_newest_key_and_the_old_one_is_not_needed(
    sealed: list[Portal], settings: LazySettings
) -> None:
    told = run()
    settings.ENCRYPTION_KEYS = {2: settings.ENCRYPTION_KEYS[2]}
    for portal in sealed[:2]:
        portal.refresh_from_db()
        assert vault.unseal(portal.client_secret, place=secret_place(portal.pk)) == "hush"
    assert f"{COLUMN}: 2 re-encrypted, 0 left" in told
    assert "Everything is under key 2" in told


def test_a_second_run_finds_nothing_to_do(sealed: list[Portal]) -> None:
    run()
    assert f"{COLUMN}: 0 re-encrypted, 0 left" in run()


def test_what_does_not_open_is_named_and_stays_as_it_is(sealed: list[Portal]) -> None:
    first, second = sealed[:2]
    Portal.objects.filter(pk=first.pk).update(client_secret=second.client_secret)  # of another row
    with pytest.raises(CommandError, match="no old key may be removed"):
        run()
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.client_secret.startswith("v1.1.")
    assert second.client_secret.startswith("v1.2.")


def test_a_value_that_changes_meanwhile_is_not_overwritten(sealed: list[Portal]) -> None:
    column = next(column for column in rotation.columns() if column.name == COLUMN)
    row = Portal.objects.get(pk=sealed[0].pk)
    Portal.objects.filter(pk=row.pk).update(client_secret="")
    assert rotation._reseal(column, row) == 0
    assert Portal.objects.get(pk=row.pk).client_secret == ""


def test_every_sealed_column_is_known() -> None:
    """The models say in their name or their help which columns are sealed."""
    sealed = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, TextField) and "ealed" in field.help_text + field.name
    }
    assert sealed == {column.name for column in rotation.columns()}

from __future__ import annotations

import pytest

from accounts.adapters.embedded_directory import EmbeddedDirectory
from accounts.models import DirectoryApplicationSecret, User
from accounts.ports import Directory, DirectoryDenied
from tests.contracts.directory import DirectoryContract, registered


@pytest.fixture
def directory(db: None) -> Directory:
    return EmbeddedDirectory()


class TestEmbeddedDirectory(DirectoryContract):
    pass


def test_a_global_administrator_may_delete_any(
    directory: Directory, global_admin: User, nobody: User
) -> None:
    made = registered(directory)
    assert directory.may_delete(made.id, object_id=global_admin.directory_object_id)
    assert not directory.may_delete(made.id, object_id=nobody.directory_object_id)


def test_the_text_of_a_secret_is_not_kept(directory: Directory) -> None:
    secret = directory.add_secret(registered(directory).id, days=1)
    assert secret.text not in str(DirectoryApplicationSecret.objects.values().get())


def test_a_disabled_account_neither_becomes_an_owner_nor_acts_as_one(
    directory: Directory, nobody: User
) -> None:
    made = registered(directory, owners=[nobody.directory_object_id])
    User.objects.update(is_active=False)
    assert not directory.may_delete(made.id, object_id=nobody.directory_object_id)
    with pytest.raises(DirectoryDenied, match="Nobody Nowhere is disabled"):
        registered(directory, "portal:2", owners=[nobody.directory_object_id])
    assert directory.find(request_key="portal:2") is None

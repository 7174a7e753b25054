"""What every adapter of the directory port must hold to.

A test module inherits the class and gives the fixture `directory`.
"""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from accounts.ports import Application, ApplicationNotFound, Directory

OWNER = uuid4()


def registered(directory: Directory, key: str = "portal:1", **changes: object) -> Application:
    values: dict[str, object] = {
        "display_name": "Help",
        "redirect_uris": ["https://help.example/in"],
        "owners": [OWNER],
    }
    return directory.register(request_key=key, **{**values, **changes})  # type: ignore[arg-type]


class DirectoryContract:
    def test_an_application_is_found_by_its_key_and_its_id(self, directory: Directory) -> None:
        made = registered(directory)
        assert directory.find(request_key="portal:1") == made == directory.get(made.id)
        assert made.owners == {OWNER}
        assert made.redirect_uris == ("https://help.example/in",)

    def test_the_same_key_never_makes_two(self, directory: Directory) -> None:
        first = registered(directory)
        second = registered(directory, display_name="Help desk")
        assert (second.id, second.client_id) == (first.id, first.client_id)
        assert directory.get(first.id).display_name == "Help desk"

    def test_other_keys_make_others(self, directory: Directory) -> None:
        assert registered(directory).client_id != registered(directory, "portal:2").client_id

    def test_a_secret_is_checked_and_withdrawn(self, directory: Directory) -> None:
        made = registered(directory)
        secret = directory.add_secret(made.id, days=1)
        assert directory.check_secret(made.client_id, secret.text)
        assert not directory.check_secret(made.client_id, secret.text + "x")
        assert not directory.check_secret(uuid4(), secret.text)
        assert directory.secret_ids(made.id) == [secret.id]
        directory.remove_secret(made.id, secret.id)
        directory.remove_secret(made.id, secret.id)
        assert not directory.check_secret(made.client_id, secret.text)

    def test_an_expired_secret_is_worth_nothing(self, directory: Directory) -> None:
        made = registered(directory)
        assert not directory.check_secret(made.client_id, directory.add_secret(made.id, days=0).text)

    def test_a_secret_does_not_show_itself_in_logs(self, directory: Directory) -> None:
        secret = directory.add_secret(registered(directory).id, days=1)
        assert secret.text not in repr(secret)

    def test_its_owner_may_delete_it_and_a_stranger_may_not(self, directory: Directory) -> None:
        made = registered(directory)
        assert directory.may_delete(made.id, object_id=OWNER)
        assert not directory.may_delete(made.id, object_id=uuid4())

    def test_an_owner_who_is_added_may_delete_it(self, directory: Directory) -> None:
        made, other = registered(directory), uuid4()
        for _ in range(2):
            directory.add_owner(made.id, object_id=other)
        assert directory.may_delete(made.id, object_id=other)
        assert directory.get(made.id).owners == {OWNER, other}

    def test_a_deleted_application_is_gone_with_its_secrets(self, directory: Directory) -> None:
        made = registered(directory)
        secret = directory.add_secret(made.id, days=1)
        directory.delete(made.id)
        directory.delete(made.id)
        assert directory.find(request_key="portal:1") is None
        assert not directory.check_secret(made.client_id, secret.text)

    @pytest.mark.parametrize("call", ["get", "secret_ids"])
    def test_an_application_that_is_not_there_is_told(self, directory: Directory, call: str) -> None:
        with pytest.raises(ApplicationNotFound):
            getattr(directory, call)(UUID(int=1))

    def test_changing_one_that_is_not_there_is_told(self, directory: Directory) -> None:
        with pytest.raises(ApplicationNotFound):
            directory.add_secret(UUID(int=1), days=1)

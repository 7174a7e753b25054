from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.sessions import SessionStore

pytestmark = pytest.mark.django_db


def stored(host: str) -> SessionStore:
    session = SessionStore(host=host)
    session["thing"] = 1
    session.save()
    return session


def test_a_session_opens_on_its_own_host() -> None:
    key = stored("localhost").session_key
    assert SessionStore(key, host="localhost")["thing"] == 1


def test_a_session_is_nothing_on_another_host() -> None:
    key = stored("localhost").session_key
    carried = SessionStore(key, host="help.portals.localhost")
    assert "thing" not in carried
    assert carried.session_key is None


def test_the_other_host_cannot_overwrite_it() -> None:
    key = stored("localhost").session_key
    carried = SessionStore(key, host="help.portals.localhost")
    carried["thing"] = 2
    carried.save()
    assert carried.session_key != key
    assert SessionStore(key, host="localhost")["thing"] == 1


def test_nothing_is_stored_for_a_visitor_of_whom_nothing_is_to_be_kept(client: Client) -> None:
    response = client.get("/accounts/login/", HTTP_HOST="localhost")
    assert "admin_session" not in response.cookies


def test_an_admin_session_replayed_at_another_host_of_ours_is_a_stranger(
    client: Client, global_admin: User
) -> None:
    client.force_login(global_admin)
    assert client.get("/applications/", HTTP_HOST="localhost").status_code == 200
    assert client.get("/applications/", HTTP_HOST="127.0.0.1").status_code == 302


def test_a_new_session_begins_at_sign_in(client: Client, global_admin: User) -> None:
    client.cookies["admin_session"] = "chosen-by-somebody-else"
    response = client.post(
        "/accounts/login/",
        {"login": global_admin.email, "password": "correct horse battery"},
        HTTP_HOST="localhost",
    )
    assert response.status_code == 302
    assert response.cookies["admin_session"].value != "chosen-by-somebody-else"
    assert response.cookies["admin_session"]["httponly"]

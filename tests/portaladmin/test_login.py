from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db

RESTART = "/portals/3f0d2b9c-6a1f-4f6e-9a53-0c7f6f6f5d11/provision/restart/"


@pytest.fixture
def stranger() -> Client:
    return Client(HTTP_HOST="localhost")


def test_a_page_is_come_back_to_after_sign_in(stranger: Client) -> None:
    assert stranger.get("/jobs/?state=failed")["Location"] == "/accounts/login/?next=/jobs/%3Fstate%3Dfailed"


def test_a_form_leads_back_to_the_page_that_it_stood_on(stranger: Client, global_admin: User) -> None:
    page = "http://localhost/portals/3f0d2b9c-6a1f-4f6e-9a53-0c7f6f6f5d11/?a=b#here"
    response = stranger.post(RESTART, headers={"Referer": page})
    wanted = "/accounts/login/?next=/portals/3f0d2b9c-6a1f-4f6e-9a53-0c7f6f6f5d11/%3Fa%3Db"
    assert response["Location"] == wanted
    assert b"Nothing was changed: you were not signed in any more." in stranger.get(wanted).content


@pytest.mark.parametrize(
    "page",
    ["", "https://evil.example/portals/", "http://localhost//evil.example/", "http://localhost:1/x", "::"],
)
def test_a_form_of_elsewhere_leads_to_the_first_page(stranger: Client, page: str) -> None:
    response = stranger.post(RESTART, headers={"Referer": page} if page else {})
    assert response["Location"] == "/accounts/login/?next=/"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/logout/"])
def test_no_door_leads_to_another_site(stranger: Client, global_admin: User, path: str, target: str) -> None:
    if "logout" in path:
        stranger.force_login(global_admin)
    sent = {"login": global_admin.email, "password": "correct horse battery", "next": target}
    for address, values in (
        (path, sent),
        (f"{path}?next={target}", {k: sent[k] for k in ("login", "password")}),
    ):
        location = stranger.post(address, values).get("Location", "/")
        assert location.startswith("/")
        assert not location.startswith(("//", "/\\"))

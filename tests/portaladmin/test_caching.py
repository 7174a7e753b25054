from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.portaladmin.test_doors import ROUTES, filled

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("route", ROUTES)
def test_no_answer_of_the_admin_center_is_kept(global_admin: User, route: str) -> None:
    browser = Client(HTTP_HOST="localhost")
    browser.force_login(global_admin)
    assert "no-store" in browser.get(filled(route))["Cache-Control"]


def test_refusals_are_not_kept_either(nobody: User) -> None:
    browser = Client(HTTP_HOST="localhost")
    browser.force_login(nobody)
    for path in ("/system/", "/nothing/", "/applications/?q=%00"):
        assert "no-store" in browser.get(path)["Cache-Control"]


def test_portals_decide_for_themselves() -> None:
    response = Client(HTTP_HOST="help.portals.localhost").get("/theme.css")
    assert response["Cache-Control"] == "no-store"  # their own words for a stranger's host, not ours

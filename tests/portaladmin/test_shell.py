"""What stands around every page: the tabs, and the name of the administration center."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import User
from organizations.models import Instance
from tests.organizations.world import make_instance

pytestmark = pytest.mark.django_db
GONE = "/portals/3f0d2b9c-6a1f-4f6e-9a53-0c7f6f6f5d11/"
BRAND = "<span>Dynamics 365</span> Administration Center"


@pytest.fixture
def browser(global_admin: User) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(global_admin)
    return client


@pytest.fixture
def instance() -> Instance:
    return make_instance()


def active(html: str) -> list[str]:
    """Titles of the tabs that are marked."""
    tabs = re.search(r'<nav class="tabs".*?</nav>', html, re.S)
    assert tabs
    return re.findall(r'aria-current="true">([^<]+)<', tabs[0])


@pytest.mark.parametrize(
    ("path", "tab"),
    [
        ("/instances/", "Instances"),
        ("/applications/", "Applications"),
        ("/applications/add/", "Applications"),
        ("/certificates/", "Applications"),
        ("/jobs/", "Jobs"),
        ("/jobs/failed/", "Jobs"),
        ("/audit/", "Audit"),
        ("/system/", "System"),
    ],
)
def test_a_page_marks_the_tab_that_it_belongs_to(
    browser: Client, instance: Instance, path: str, tab: str
) -> None:
    assert active(browser.get(path).content.decode()) == [tab]


@pytest.mark.parametrize(
    "path", ["/privacy/", "/help/reset/", "/accounts/logout/", "/nothing/", "/jobs/nothing/", GONE]
)
def test_a_page_that_belongs_to_no_tab_marks_none(browser: Client, path: str) -> None:
    assert active(browser.get(path).content.decode()) == []


def test_pages_of_errors_name_the_center_as_all_pages_do(browser: Client) -> None:
    for path in ("/applications/", "/nothing/", "/applications/?q=%00"):
        assert BRAND in browser.get(path).content.decode()

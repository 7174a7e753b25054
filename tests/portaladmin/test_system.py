from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from jobs.worker import say_alive

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(global_admin: User) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(global_admin)
    return client


def test_it_says_that_no_worker_is_alive(browser: Client) -> None:
    assert "No worker is alive" in browser.get("/system/").content.decode()


def test_it_lists_the_workers(browser: Client) -> None:
    say_alive()
    shown = browser.get("/system/").content.decode()
    assert "No worker is alive" not in shown
    assert "Last pass of the reconciler" in shown


def test_it_says_that_the_broker_is_away(browser: Client, settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nobody listens on port 1
    assert "The broker does not answer" in browser.get("/system/").content.decode()


def test_it_is_not_for_everybody(nobody: User) -> None:
    client = Client(HTTP_HOST="localhost")
    client.force_login(nobody)
    assert client.get("/system/").status_code == 403
    assert "/system/" not in client.get("/applications/").content.decode()

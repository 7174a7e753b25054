import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.limits import allow, used_up
from accounts.models import User

pytestmark = pytest.mark.django_db

NOON = 1_800_000_000.0


def test_so_many_a_minute_and_no_more() -> None:
    answers = [allow(person=1, action="look", per_minute=3, now=NOON) for _ in range(5)]
    assert answers == [True, True, True, False, False]
    assert allow(person=1, action="look", per_minute=3, now=NOON + 60)


def test_people_and_actions_are_counted_apart() -> None:
    for _ in range(2):
        allow(person=1, action="look", per_minute=1, now=NOON)
    assert not allow(person=1, action="look", per_minute=1, now=NOON)
    assert allow(person=2, action="look", per_minute=1, now=NOON)
    assert allow(person=1, action="touch", per_minute=1, now=NOON)


def test_what_is_used_up_is_told_without_counting() -> None:
    for _ in range(3):
        assert not used_up(person=1, action="look", per_minute=2, now=NOON)
    for _ in range(2):
        allow(person=1, action="look", per_minute=2, now=NOON)
    assert used_up(person=1, action="look", per_minute=2, now=NOON)
    assert not used_up(person=1, action="look", per_minute=2, now=NOON + 60)
    assert not used_up(person=2, action="look", per_minute=2, now=NOON)


def crowd() -> None:
    """As much as a busy day leaves in the cache, or somebody who signs in with many names from many places."""
    rows = "SELECT 'crowd:' || n, 'gARLAS4=', now() + interval '1 hour' FROM generate_series(1, 5000) AS n"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {settings.CACHES['default']['LOCATION']} {rows}")


def test_a_crowd_in_the_cache_takes_nobodys_count_away() -> None:
    for _ in range(2):
        allow(person=1, action="look", per_minute=1, now=NOON)
    crowd()
    cache.set("one-more", 1)
    assert not allow(person=1, action="look", per_minute=1, now=NOON)


def test_a_crowd_in_the_cache_gives_nobody_more_tries_to_sign_in(global_admin: User) -> None:
    browser = Client(HTTP_HOST="localhost")
    for _ in range(5):
        browser.post("/accounts/login/", {"login": global_admin.email, "password": "wrong"})
    crowd()
    cache.set("one-more", 1)
    right = {"login": global_admin.email, "password": "correct horse battery"}
    assert b"Too many failed login attempts" in browser.post("/accounts/login/", right).content


def test_a_count_that_is_lost_in_between_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(key: str, delta: int = 1) -> int:
        raise ValueError(f"Key {key!r} not found")

    allow(person=1, action="look", per_minute=3, now=NOON)
    monkeypatch.setattr(cache, "incr", lost)
    assert allow(person=1, action="look", per_minute=3, now=NOON)

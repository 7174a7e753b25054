import pytest

from accounts.limits import allow

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

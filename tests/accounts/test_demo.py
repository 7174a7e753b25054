from __future__ import annotations

import pytest

from accounts.demo import DOMAIN, PEOPLE, load_people
from accounts.models import User
from accounts.roles import DirectoryRole
from portaladmin.up import welcome

pytestmark = pytest.mark.django_db


def test_the_people_are_those_that_make_up_names() -> None:
    assert list(PEOPLE) == list(welcome.PEOPLE)
    assert DOMAIN == welcome.DOMAIN


def test_loading_twice_makes_nobody_twice_and_changes_nobody() -> None:
    first = load_people(password="one long password")
    User.objects.filter(email="csr@contoso.example").update(display_name="Renamed")
    assert load_people(password="one long password") == first
    assert User.objects.count() == len(PEOPLE)
    assert User.objects.get(email="csr@contoso.example").display_name == "Renamed"


def test_another_password_is_everyones_from_then_on() -> None:
    load_people(password="one long password")
    load_people(password="another long password")
    assert all(user.check_password("another long password") for user in User.objects.all())


def test_no_password_leaves_the_one_that_is_there() -> None:
    load_people(password="one long password")
    load_people(password="")
    assert User.objects.get(email="csr@contoso.example").check_password("one long password")


def test_without_any_password_nobody_can_sign_in() -> None:
    load_people(password="")
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_directory_roles_are_given() -> None:
    load_people(password="")
    roles = dict(User.objects.exclude(directory_roles=None).values_list("email", "directory_roles__role"))
    assert roles == {
        "global.admin@contoso.example": DirectoryRole.GLOBAL_ADMINISTRATOR,
        "service.admin@contoso.example": DirectoryRole.SERVICE_ADMINISTRATOR,
    }

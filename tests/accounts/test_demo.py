from __future__ import annotations

import pytest

from accounts.demo import DOMAIN, PEOPLE, load_people, set_password
from accounts.models import User
from accounts.roles import DirectoryRole
from organizations.models import Instance
from portaladmin.demo import load_demo
from portaladmin.up import welcome
from provisioning.models import Portal

pytestmark = pytest.mark.django_db


def test_the_people_are_those_that_make_up_names() -> None:
    assert list(PEOPLE) == list(welcome.PEOPLE)
    assert DOMAIN == welcome.DOMAIN


def test_it_is_loaded_once_and_what_people_did_since_stays() -> None:
    load_demo()
    User.objects.filter(email="nobody@contoso.example").delete()
    User.objects.filter(email="csr@contoso.example").update(display_name="Renamed")
    Instance.objects.filter(name="Contoso").update(url="https://moved.example")
    Portal.objects.first().delete()  # type: ignore[union-attr]
    load_demo()
    assert User.objects.count() == len(PEOPLE) - 1
    assert User.objects.get(email="csr@contoso.example").display_name == "Renamed"
    assert (Instance.objects.count(), Portal.objects.count()) == (2, 3)


def test_an_installation_of_ones_own_gets_no_demo(nobody: User) -> None:
    load_demo()
    assert (User.objects.count(), Instance.objects.count()) == (1, 0)


def test_another_password_is_everyones_from_then_on() -> None:
    load_people(password="one long password")
    set_password("another long password")
    assert all(user.check_password("another long password") for user in User.objects.all())


def test_no_password_leaves_the_one_that_is_there() -> None:
    load_people(password="one long password")
    set_password("")
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

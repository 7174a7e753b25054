from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from accounts import permissions
from accounts.roles import OrganizationRole
from organizations import queries
from organizations.models import Instance, Language, SystemUser
from tests.organizations.world import add_person, make_instance, make_user

ADMINISTRATOR, CUSTOMIZER = OrganizationRole.SYSTEM_ADMINISTRATOR, OrganizationRole.SYSTEM_CUSTOMIZER


def test_offered_are_the_enabled_languages_that_portals_may_have(instance: Instance) -> None:
    for lcid in (1025, 1037):
        Language.objects.create(instance=instance, lcid=lcid, enabled=True)
    assert [tuple(offered) for offered in queries.languages_offered(instance)] == [
        (1033, "English (United States)", "English (United States)"),
        (1031, "German (Germany)", "Deutsch (Deutschland)"),
    ]


def test_the_base_language_is_enabled_whatever_the_table_says(instance: Instance) -> None:
    Language.objects.all().update(enabled=False)
    assert queries.enabled_languages(instance) == [1033]


def test_roles_of_a_person_in_all_instances_take_one_query(
    instance: Instance, django_assert_num_queries: Callable[[int], Any]
) -> None:
    person, other = uuid4(), make_instance("Northwind")
    add_person(instance, ADMINISTRATOR, object_id=person)
    add_person(other, CUSTOMIZER, object_id=person)
    with django_assert_num_queries(1):
        found = queries.organization_roles(person)
    assert found == {instance.id: {ADMINISTRATOR}, other.id: {CUSTOMIZER}}


def test_a_disabled_user_has_no_role(instance: Instance) -> None:
    user = add_person(instance, ADMINISTRATOR)
    SystemUser.objects.filter(pk=user.pk).update(disabled=True)
    assert user.object_id is not None
    assert queries.organization_roles(user.object_id) == {}


def test_permissions_ask_us(instance: Instance) -> None:
    assert permissions.may_administer_instance(make_user(instance, ADMINISTRATOR), instance.id)

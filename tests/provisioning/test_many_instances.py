"""Pages that offer every organization to choose from, when there are five hundred of them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations.models import Instance, RoleMembership, SecurityRole, SystemUser
from tests.provisioning.conftest import SignIn, World

pytestmark = pytest.mark.django_db
MANY = 500


def add_instances(world: World) -> None:
    """Organizations of which the global administrator is System Administrator, in as few statements as tables."""
    rows = Instance.objects.bulk_create(
        Instance(
            name=f"Organization {number:03} with a name that is as long as names of departments are",
            url=f"https://organization-{number}.crm.localhost",
            type=Instance.Type.PRODUCTION,
            version="9.0.2.1034",
            base_language=1033,
        )
        for number in range(MANY)
    )
    template = ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR]
    # The role itself comes with the organization.
    roles = list(SecurityRole.objects.filter(instance__in=rows, template_id=template))
    had = {role.instance_id for role in roles}
    roles += SecurityRole.objects.bulk_create(
        SecurityRole(instance=row, name="System Administrator", template_id=template)
        for row in rows
        if row.pk not in had
    )
    person = world.user("global.admin")
    users = SystemUser.objects.bulk_create(
        SystemUser(
            instance=row, full_name="Gloria Amani", email=person.email, object_id=person.directory_object_id
        )
        for row in rows
    )
    of = {role.instance_id: role for role in roles}
    RoleMembership.objects.bulk_create(RoleMembership(user=user, role=of[user.instance_id]) for user in users)


def queries(browser: Client, path: str) -> tuple[int, str]:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        response = browser.get(path)
    assert response.status_code == 200
    return len(asked), response.content.decode()


@pytest.mark.parametrize("page", ["/applications/", "/certificates/", "configure", "/instances/"])
def test_five_hundred_cost_as_many_queries_as_two(world: World, sign_in: SignIn, page: str) -> None:
    path = f"/portals/{world.portal().pk}/configure/" if page == "configure" else page
    browser = sign_in("global.admin")
    browser.get(path)  # what is remembered is remembered in both cases
    few, _ = queries(browser, path)
    add_instances(world)
    many, html = queries(browser, path)
    assert many <= few + (page == "/instances/")  # there they are counted, beyond a page
    if page != "/instances/":
        assert html.count("with a name that is as long") >= MANY

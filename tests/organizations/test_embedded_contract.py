"""The embedded organization does what the port says."""

from __future__ import annotations

import pytest

from accounts.roles import OrganizationRole
from organizations.connect import connect
from organizations.models import Instance, Label
from organizations.ports import Organization
from tests.contracts.organization import OrganizationContract
from tests.organizations.world import add_person


class TestEmbeddedOrganization(OrganizationContract):
    @pytest.fixture
    def organization(self, instance: Instance) -> Organization:
        administrator = add_person(instance, OrganizationRole.SYSTEM_ADMINISTRATOR, name="Ann Beebe")
        customizer = add_person(instance, OrganizationRole.SYSTEM_CUSTOMIZER, name="Carl Dent")
        assert administrator.object_id is not None
        assert customizer.object_id is not None
        self.administrator, self.customizer = administrator.object_id, customizer.object_id
        return connect(instance)

    def edit_label(
        self, organization: Organization, component: str, column: str, lcid: int, text: str
    ) -> None:
        Label.objects.create(
            instance=Instance.objects.get(organization_id=organization.who_am_i().organization_id),
            component=component,
            column=column,
            lcid=lcid,
            text=text,
        )

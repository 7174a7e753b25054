"""The connector to Dataverse does what the port says, against an embedded organization's Web API over real HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from accounts.roles import OrganizationRole
from organizations.connect import connect
from organizations.models import (
    AsyncOperation,
    Label,
    Language,
    RemoteOperation,
    SystemUser,
)
from organizations.packages import catalog
from organizations.ports import Denied, OperationState, Organization
from tests.contracts.organization import OrganizationContract, install
from tests.organizations.remote import connected
from tests.organizations.world import add_person, make_instance


@pytest.mark.django_db(transaction=True)
class TestDataverseOrganization(OrganizationContract):
    @pytest.fixture
    def organization(self, live_server: LiveServer, settings: LazySettings) -> Organization:
        settings.WEB_ADDRESS = live_server.url.removeprefix("http://")
        settings.DATAVERSE_PAGE_SIZE = 2  # so that the suite pages
        self.instance = make_instance()
        administrator = add_person(self.instance, OrganizationRole.SYSTEM_ADMINISTRATOR, name="Ann Beebe")
        customizer = add_person(self.instance, OrganizationRole.SYSTEM_CUSTOMIZER, name="Carl Dent")
        assert administrator.object_id is not None
        assert customizer.object_id is not None
        self.administrator, self.customizer = administrator.object_id, customizer.object_id
        return connect(connected(self.instance))

    def enable_language(self, organization: Organization, lcid: int) -> None:
        Language.objects.filter(instance=self.instance, lcid=lcid).update(enabled=True)

    def test_an_answer_that_was_lost_begins_no_second_import(self, organization: Organization) -> None:
        operation = install(organization, "PortalBase")
        RemoteOperation.objects.update(async_operation_id=None)
        again = organization.import_solution(catalog.load("PortalBase"), operation_id=operation.id)
        assert (again.state, again.progress) == (OperationState.SUCCEEDED, 100)
        assert AsyncOperation.objects.count() == 1

    def test_what_was_refused_is_imported_once_the_right_is_there(self, organization: Organization) -> None:
        operation_id, package = uuid4(), catalog.load("PortalBase")
        users = SystemUser.objects.filter(full_name="# Connector")
        users.update(disabled=True)
        with pytest.raises(Denied):
            organization.import_solution(package, operation_id=operation_id)
        users.update(disabled=False)
        operation = organization.import_solution(package, operation_id=operation_id)
        assert operation.state is OperationState.SUCCEEDED

    def edit_label(
        self, organization: Organization, component: str, column: str, lcid: int, text: str
    ) -> None:
        Label.objects.create(instance=self.instance, component=component, column=column, lcid=lcid, text=text)

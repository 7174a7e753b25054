"""Pages that connect organizations, and that let programs into embedded ones."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.roles import OrganizationRole
from accounts.vault import unseal
from organizations import remote_roles
from organizations.clients import Credentials
from organizations.connect import connect, place
from organizations.facade.tokens import TENANT
from organizations.models import Connection, Instance, RoleMembership, SecurityRole, SystemUser
from organizations.ports import Denied
from tests.organizations.certificates import pair
from tests.organizations.facade import add_client, host, token_response
from tests.organizations.remote import connected
from tests.organizations.world import add_person, make_user

ADMINISTRATOR, CUSTOMIZER = OrganizationRole.SYSTEM_ADMINISTRATOR, OrganizationRole.SYSTEM_CUSTOMIZER


def browse(user: User) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    return client


def text(response: HttpResponse) -> str:
    return html.unescape(response.content.decode())


def codes(response: HttpResponse) -> list[str]:
    return re.findall(r'data-error-code="([^"]+)"', response.content.decode())


class TestPrograms:
    @pytest.fixture
    def administrator(self, instance: Instance) -> User:
        return make_user(instance, ADMINISTRATOR)

    def add(self, instance: Instance, administrator: User, **changes: Any) -> HttpResponse:
        role = SecurityRole.objects.get(instance=instance, name="System Administrator")
        form = {"action": "add", "name": "Loader", "roles": [role.pk], **changes}
        return browse(administrator).post(f"/instances/{instance.id}/connection/", form)  # type: ignore[return-value]

    def test_one_is_let_in_and_its_secret_shown_once(self, instance: Instance, administrator: User) -> None:
        shown = text(self.add(instance, administrator))
        secret = re.search(r"data-secret>([^<]+)<", shown)
        client_id = re.search(r'data-client="([^"]+)"', shown)
        assert secret
        assert client_id
        user = SystemUser.objects.get(full_name="# Loader")
        credentials = Credentials(user.application_id, secret[1], None)  # type: ignore[arg-type]
        assert token_response(instance, credentials).status_code == 200
        assert secret[1] not in text(browse(administrator).get(f"/instances/{instance.id}/connection/"))  # type: ignore[arg-type]

    def test_without_a_role_it_is_refused(self, instance: Instance, administrator: User) -> None:
        response = self.add(instance, administrator, roles=[])
        assert response.status_code == 422
        assert codes(response) == ["required"]

    def test_a_role_of_another_organization_is_refused(self, instance: Instance, administrator: User) -> None:
        assert self.add(instance, administrator, roles=[999_999]).status_code == 422

    def test_one_is_removed(self, instance: Instance, administrator: User) -> None:
        credentials = add_client(instance)
        user = SystemUser.objects.get(application_id=credentials.client_id)
        form = {"action": "remove", "client": user.id}
        browse(administrator).post(f"/instances/{instance.id}/connection/", form)
        assert token_response(instance, credentials).status_code == 401

    @pytest.mark.parametrize("client", ["nonsense", "7c0f6a3e-51b2-4d8e-9a64-0d9c1f2b3e45", ""])
    def test_what_is_not_there_is_removed_quietly(
        self, instance: Instance, administrator: User, client: str
    ) -> None:
        form = {"action": "remove", "client": client}
        response = browse(administrator).post(f"/instances/{instance.id}/connection/", form)
        assert response.status_code == 302

    def test_the_admin_center_itself_is_no_program_to_remove(
        self, instance: Instance, administrator: User
    ) -> None:
        us = SystemUser.objects.get(instance=instance, full_name="# Portal Admin Center")
        form = {"action": "remove", "client": us.id}
        browse(administrator).post(f"/instances/{instance.id}/connection/", form)
        assert SystemUser.objects.filter(pk=us.pk).exists()

    def test_customizers_may_not(self, instance: Instance) -> None:
        customizer = make_user(instance, CUSTOMIZER, name="Carl Dent")
        assert browse(customizer).get(f"/instances/{instance.id}/connection/").status_code == 403


@pytest.mark.django_db(transaction=True)
class TestConnecting:
    @pytest.fixture(autouse=True)
    def web(self, live_server: LiveServer, settings: LazySettings) -> None:
        settings.WEB_ADDRESS = live_server.url.removeprefix("http://")

    def form(self, instance: Instance, credentials: Credentials, **changes: Any) -> dict[str, Any]:
        return {
            "name": "Fabrikam, seen from outside",
            "url": f"http://{host(instance)}",
            "type": "sandbox",
            "tenant": str(TENANT),
            "client_id": str(credentials.client_id),
            "proof": "secret",
            "secret": credentials.secret,
            **changes,
        }

    def test_an_organization_is_connected_and_every_right_tried(
        self, instance: Instance, global_admin: User
    ) -> None:
        credentials = add_client(instance)
        response = browse(global_admin).post("/instances/add/", self.form(instance, credentials), follow=True)
        page = text(response)  # type: ignore[arg-type]
        assert 'data-connection="ok"' in page
        assert set(re.findall(r'data-ok="(\w+)"', page)) == {"yes"}
        made = Instance.objects.get(kind=Instance.Kind.DATAVERSE)
        assert (made.organization_id, made.base_language) == (instance.organization_id, 1033)
        assert connect(made).provisioned_languages() == [1031, 1033]

    def test_the_secret_is_sealed_and_never_shown(self, instance: Instance, global_admin: User) -> None:
        credentials = add_client(instance)
        browser = browse(global_admin)
        browser.post("/instances/add/", self.form(instance, credentials))
        connection = Connection.objects.get()
        assert credentials.secret not in connection.sealed
        assert unseal(connection.sealed, place=place(connection.instance_id)) == credentials.secret
        for page in ("connection/", "connection/edit/", ""):
            answer = browser.get(f"/instances/{connection.instance_id}/{page}")
            assert credentials.secret not in answer.content.decode()

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"secret": "wrong"}, "not_connected"),
            ({"secret": ""}, "no_secret"),
            ({"client_id": "x"}, "invalid"),
            ({"tenant": "a/b"}, "bad_tenant"),
            ({"url": "https://127.0.0.1"}, "address_forbidden"),
            ({"url": "https://2130706433"}, "address_forbidden"),
            ({"url": "http://contoso.crm.dynamics.com"}, "address_forbidden"),
            ({"url": "https://localhost"}, "address_forbidden"),
            ({"url": "https://user:pw@contoso.crm.dynamics.com"}, "address_forbidden"),
            ({"url": "https://contoso.crm.dynamics.com/main.aspx"}, "address_forbidden"),
            ({"url": "http://nobody.crm.localhost"}, "not_connected"),
            ({"name": ""}, "required"),
            ({"name": "FABRIKAM"}, "name_taken"),
            ({"proof": "certificate"}, "no_file"),
            ({"proof": "nothing"}, "invalid_choice"),
        ],
    )
    def test_what_is_wrong_is_told_and_nothing_kept(
        self, instance: Instance, global_admin: User, changes: dict[str, str], code: str
    ) -> None:
        form = self.form(instance, add_client(instance), **changes)
        response: Any = browse(global_admin).post("/instances/add/", form)
        assert response.status_code == 422
        assert codes(response) == [code]
        assert Instance.objects.count() == 1

    def test_a_file_that_is_no_certificate_is_refused(self, instance: Instance, global_admin: User) -> None:
        file = SimpleUploadedFile("a.pfx", b"nonsense")
        form = self.form(instance, add_client(instance), proof="certificate", file=file)
        response: Any = browse(global_admin).post("/instances/add/", form)
        assert codes(response) == ["bad_certificate"]

    def test_a_certificate_is_kept_with_its_end(self, instance: Instance, global_admin: User) -> None:
        """The embedded directory takes secrets only, so it says no; the file itself was fine."""
        file = SimpleUploadedFile("a.pem", pair().encode())
        form = self.form(instance, add_client(instance), proof="certificate", file=file)
        response: Any = browse(global_admin).post("/instances/add/", form)
        assert codes(response) == ["not_connected"]
        assert "The directory gives no token" in text(response)

    def test_the_same_organization_is_not_connected_twice(
        self, instance: Instance, global_admin: User
    ) -> None:
        connected(instance)
        form = self.form(instance, add_client(instance), url=f"http://{host(instance)}:8000")
        response: Any = browse(global_admin).post("/instances/add/", form)
        assert response.status_code == 422
        assert "already" in text(response)

    def test_rights_that_are_missing_are_named_one_by_one(
        self, instance: Instance, global_admin: User
    ) -> None:
        remote = connected(instance, CUSTOMIZER)
        page = text(browse(global_admin).post(f"/instances/{remote.id}/connection/", follow=True))  # type: ignore[arg-type]
        rights = dict(re.findall(r'data-right="([\w-]+)" data-ok="(\w+)"', page))
        wrong = {right for right, ok in rights.items() if ok != "yes"}
        assert wrong == {"administrator", "records"}
        assert "prvcreatecontact" in page

    def test_after_a_refused_sign_in_nothing_else_is_tried(
        self, instance: Instance, global_admin: User
    ) -> None:
        remote = connected(instance)
        client_id = remote.connection.client_id
        RoleMembership.objects.filter(user__application_id=client_id).delete()
        page = text(browse(global_admin).post(f"/instances/{remote.id}/connection/", follow=True))  # type: ignore[arg-type]
        rights = dict(re.findall(r'data-right="([\w-]+)" data-ok="(\w+)"', page))
        assert rights["token"] == "yes"
        assert rights["let-in"] == "no"
        assert set(rights.values()) == {"yes", "no", "untried"}

    def test_a_change_keeps_the_secret_that_is_not_entered_again(
        self, instance: Instance, global_admin: User
    ) -> None:
        remote = connected(instance)
        before = remote.connection.sealed
        form = {
            "name": "Renamed",
            "url": remote.url,
            "type": "production",
            "tenant": str(TENANT),
            "client_id": str(remote.connection.client_id),
            "proof": "secret",
            "secret": "",
        }
        response = browse(global_admin).post(f"/instances/{remote.id}/connection/edit/", form)
        assert response.status_code == 302
        remote.refresh_from_db()
        assert remote.name == "Renamed"
        assert Connection.objects.get(instance=remote).sealed == before

    def test_roles_of_people_come_from_the_organization(self, instance: Instance, global_admin: User) -> None:
        remote = connected(instance)
        person = User.objects.create_user(email="ann@fabrikam.example", display_name="Ann Beebe")
        add_person(instance, ADMINISTRATOR, object_id=person.directory_object_id)
        assert browse(person).get(f"/instances/{remote.id}/").status_code == 200
        assert browse(person).get(f"/instances/{remote.id}/connection/").status_code == 403

    def test_a_role_that_was_taken_away_changes_nothing_any_more(self, instance: Instance) -> None:
        """Pages may remember it for a minute; a change asks the organization at that moment."""
        assert remote_roles.KEPT <= 60
        remote = connected(instance)
        person = User.objects.create_user(email="ann@fabrikam.example", display_name="Ann Beebe")
        add_person(instance, ADMINISTRATOR, object_id=person.directory_object_id)
        page = f"/instances/{remote.id}/languages/"
        assert browse(person).get(page).status_code == 200
        RoleMembership.objects.filter(user__object_id=person.directory_object_id).delete()
        assert browse(person).get(page).status_code == 200
        assert browse(person).post(page, {"enable": "1036"}).status_code == 403
        assert browse(person).get(page).status_code == 403

    def test_an_unreadable_secret_says_what_to_do(self, instance: Instance) -> None:
        remote = connected(instance)
        Connection.objects.update(sealed="v1.0.bm9uc2Vuc2U=")
        remote.refresh_from_db()
        with pytest.raises(Denied, match="Enter it again"):
            connect(Instance.objects.get(pk=remote.pk)).who_am_i()

    def test_only_tenant_administrators_connect(self, instance: Instance) -> None:
        administrator = make_user(instance, ADMINISTRATOR, name="Ann Beebe")
        assert browse(administrator).get("/instances/add/").status_code == 403
        assert browse(administrator).post("/instances/add/", {}).status_code == 403

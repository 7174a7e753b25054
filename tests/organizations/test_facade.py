"""The embedded organization's Web API, request by request."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations import clients
from organizations.adapters.embedded import staging
from organizations.clients import Credentials
from organizations.facade.exchange import MAX_BODY, MAX_FILE
from organizations.facade.tokens import TENANT
from organizations.models import Instance, Language, Record, SecurityRole, SystemUser
from organizations.packages import catalog
from tests.organizations.facade import Api, add_client, fault, host, token_response
from tests.organizations.world import add_person, make_instance

pytestmark = pytest.mark.django_db
ADMINISTRATOR, CUSTOMIZER = OrganizationRole.SYSTEM_ADMINISTRATOR, OrganizationRole.SYSTEM_CUSTOMIZER
# The id of no record.
NOBODY = "7c0f6a3e-51b2-4d8e-9a64-0d9c1f2b3e45"


def body(response: HttpResponse) -> Any:
    return json.loads(response.content)


@pytest.fixture
def api(instance: Instance) -> Api:
    return Api(instance, add_client(instance))


class TestTokens:
    def test_client_credentials_get_one(self, instance: Instance) -> None:
        answer = body(token_response(instance, add_client(instance)))
        assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"client_secret": "wrong"}, "invalid_client"),
            ({"client_secret": ""}, "invalid_client"),
            ({"client_id": str(uuid4())}, "invalid_client"),
            ({"client_id": "no id"}, "invalid_client"),
            ({"scope": "https://other.crm.localhost/.default"}, "invalid_scope"),
            ({"scope": "user_impersonation"}, "invalid_scope"),
            ({"scope": ""}, "invalid_scope"),
            ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ],
    )
    def test_anything_else_is_refused_with_a_reason(
        self, instance: Instance, changes: dict[str, str], error: str
    ) -> None:
        response = token_response(instance, add_client(instance), **changes)
        assert response.status_code in (400, 401)
        assert body(response)["error"] == error
        assert body(response)["error_description"]

    def test_guessing_ends_after_some_tries(self, instance: Instance, settings: LazySettings) -> None:
        settings.SIGN_INS_PER_MINUTE = 3
        cache.clear()
        credentials = add_client(instance)
        tries = [token_response(instance, credentials, client_secret="x") for _ in range(4)]
        assert [response.status_code for response in tries[:3]] == [401] * 3
        assert (tries[3].status_code, tries[3]["Retry-After"]) == (429, "60")
        assert token_response(instance, credentials).status_code == 429
        cache.clear()

    def test_programs_that_are_let_in_come_as_often_as_they_like(
        self, instance: Instance, settings: LazySettings
    ) -> None:
        settings.SIGN_INS_PER_MINUTE = 2
        cache.clear()
        credentials = add_client(instance)
        assert {token_response(instance, credentials).status_code for _ in range(5)} == {200}

    def test_another_tenant_is_refused(self, instance: Instance) -> None:
        response = Client(HTTP_HOST=host(instance)).post(f"/{uuid4()}/oauth2/v2.0/token", {})
        assert (response.status_code, response.json()["error"]) == (400, "invalid_tenant")

    def test_clients_find_the_endpoint(self, instance: Instance) -> None:
        response = Client(HTTP_HOST=host(instance)).get(f"/{TENANT}/v2.0/.well-known/openid-configuration")
        assert response.json()["token_endpoint"] == f"http://{host(instance)}/{TENANT}/oauth2/v2.0/token"

    def test_the_admin_host_gives_no_tokens(self, instance: Instance) -> None:
        assert Client(HTTP_HOST="localhost").post(f"/{TENANT}/oauth2/v2.0/token", {}).status_code == 404


class TestWhoIsLetIn:
    def test_nobody_without_a_token(self, instance: Instance) -> None:
        response = Client(HTTP_HOST=host(instance)).get("/api/data/v9.2/WhoAmI")
        assert response.status_code == 401
        assert f"/{TENANT}" in response["WWW-Authenticate"]

    def test_a_session_counts_for_nothing(self, instance: Instance, global_admin: Any) -> None:
        client = Client(HTTP_HOST=host(instance))
        client.force_login(global_admin)
        assert client.get("/api/data/v9.2/WhoAmI").status_code == 401

    def test_no_token_of_another_organization(self, api: Api) -> None:
        other = make_instance("Northwind")
        api.client = Client(HTTP_HOST=host(other))
        assert api.get("WhoAmI").status_code == 401

    def test_no_token_that_has_expired(self, api: Api) -> None:
        AccessToken.objects.update(expires=timezone.now())
        assert api.get("WhoAmI").status_code == 401

    def test_no_application_without_a_user(self, api: Api) -> None:
        SystemUser.objects.filter(application_id=api.credentials.client_id).delete()
        assert fault(api.get("WhoAmI")) == (403, "0x80072560")

    def test_no_disabled_user(self, api: Api) -> None:
        SystemUser.objects.filter(application_id=api.credentials.client_id).update(disabled=True)
        assert fault(api.get("WhoAmI")) == (403, "0x80040225")

    def test_no_user_without_a_role(self, api: Api) -> None:
        SystemUser.objects.get(application_id=api.credentials.client_id).memberships.all().delete()
        assert fault(api.get("WhoAmI")) == (403, "0x80042f09")

    def test_nobody_in_administration_mode(self, api: Api) -> None:
        Instance.objects.update(state=Instance.State.DISABLED)
        response = api.get("WhoAmI")
        assert response.status_code == 503
        assert response["Retry-After"] == "30"

    def test_nobody_whose_program_was_removed(self, api: Api) -> None:
        user = SystemUser.objects.get(application_id=api.credentials.client_id)
        clients.remove(instance=api.instance, user_id=user.id)
        assert api.get("WhoAmI").status_code == 403
        assert body(token_response(api.instance, api.credentials))["error"] == "invalid_client"

    def test_not_with_the_secret_before_the_last(self, api: Api) -> None:
        user = SystemUser.objects.get(application_id=api.credentials.client_id)
        renewed = clients.renew(instance=api.instance, user_id=user.id)
        assert token_response(api.instance, api.credentials).status_code == 401
        assert token_response(api.instance, renewed).status_code == 200


class TestPrivileges:
    @pytest.fixture
    def salesperson(self, instance: Instance) -> Api:
        role = SecurityRole.objects.create(instance=instance, name="Salesperson")
        credentials = clients.create(instance=instance, name="CRM", role_ids=[role.pk], owner=uuid4())
        return Api(instance, credentials)

    @pytest.mark.parametrize(
        ("method", "path", "payload"),
        [
            ("GET", "adx_websites", None),
            ("POST", "adx_webpages", {"adx_name": "x"}),
            ("DELETE", f"accounts({NOBODY})", None),
            ("GET", "solutions", None),
            ("POST", "ProvisionLanguage", {"Language": 1036}),
            ("POST", "StageSolution", {"CustomizationFile": ""}),
            ("POST", "ImportSolutionAsync", {"CustomizationFile": ""}),
            ("POST", "ImportTranslationAsync", {"TranslationFile": ""}),
            ("POST", "PublishAllXml", {}),
            ("POST", "accounts/Microsoft.Dynamics.CRM.DeleteMultiple", {}),
        ],
    )
    def test_a_role_of_the_organizations_own_may_not(
        self, salesperson: Api, method: str, path: str, payload: Any
    ) -> None:
        status, code = fault(salesperson.send(method, path, payload))
        assert (status, code) in {(403, "0x80040220"), (404, "0x80060888")}
        if "DeleteMultiple" not in path:
            assert status == 403

    def test_but_it_may_work_with_customers(self, salesperson: Api) -> None:
        salesperson.create("accounts", {"name": "Litware"})
        assert [row["name"] for row in salesperson.rows("accounts")] == ["Litware"]

    def test_an_expansion_takes_the_right_to_what_is_expanded(self, salesperson: Api, api: Api) -> None:
        site = api.create("adx_websites", {"adx_name": "x"})
        api.create("incidents", {"title": "x", "adx_websiteid@odata.bind": f"/adx_websites({site})"})
        assert fault(salesperson.get("incidents", {"$expand": "adx_websiteid"}))[0] == 403
        assert len(salesperson.rows("incidents")) == 1

    @pytest.mark.parametrize(
        ("path", "condition"),
        [
            ("incidents", "adx_websiteid/adx_name eq 'x'"),
            ("incidents", "not (title eq 'y' or adx_websiteid/adx_name eq 'x')"),
            ("systemusers", "systemuserroles_association/any(r:r/name eq 'System Administrator')"),
        ],
    )
    def test_a_condition_takes_the_right_to_what_it_looks_at(
        self, salesperson: Api, path: str, condition: str
    ) -> None:
        """Else one could ask about what one may not read, and learn it by what is found."""
        assert fault(salesperson.get(path, {"$filter": condition})) == (403, "0x80040220")
        assert fault(salesperson.get(f"{path}/$count", {"$filter": condition}))[0] in (403, 404)

    def test_roles_that_may_not_be_read_do_not_come_with_their_users(self, salesperson: Api) -> None:
        response = salesperson.get("systemusers", {"$expand": "systemuserroles_association"})
        assert fault(response) == (403, "0x80040220")

    def test_customizers_change_portals_and_not_customers(self, instance: Instance) -> None:
        api = Api(instance, add_client(instance, CUSTOMIZER, name="Builder"))
        api.create("adx_webpages", {"adx_name": "Home"})
        assert fault(api.send("POST", "accounts", {"name": "x"})) == (403, "0x80040220")

    def test_one_may_ask_what_one_may_do(self, salesperson: Api) -> None:
        me = body(salesperson.get("WhoAmI"))["UserId"]
        path = f"systemusers({me})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()"
        names = {row["PrivilegeName"] for row in body(salesperson.get(path))["RolePrivileges"]}
        assert "prvReadaccount" in names
        assert "prvImportCustomization" not in names


class TestWhatNobodyShouldSend:
    """It is the sender's mistake, so it must not be told as one of ours."""

    @pytest.mark.parametrize("value", ["x", [], True, None, 10**30])
    @pytest.mark.parametrize("column", ["createdon", "versionnumber", "name", "accountid"])
    def test_a_forged_place_to_go_on_from(self, api: Api, column: str, value: Any) -> None:
        place = json.dumps({"n": 1, "v": [value, str(uuid4())]})
        token = base64.urlsafe_b64encode(place.encode()).decode()
        response = api.get("accounts", {"$orderby": column, "$skiptoken": token})
        assert response.status_code in (200, 400), response.content

    @pytest.mark.parametrize(
        "condition", ["contains(name,'\0')", "name eq '\0'", "name in ('\0')", "startswith(name,'\0')"]
    )
    def test_a_character_that_no_database_keeps(self, api: Api, condition: str) -> None:
        assert api.get("accounts", {"$filter": condition}).status_code == 400

    @pytest.mark.parametrize("value", ["NaN", "Infinity", '"\\u0000"', '"\\ud800"', "1e999"])
    def test_a_value_that_no_database_keeps(self, api: Api, value: str) -> None:
        for name in ("name", "revenue", "creditlimit"):
            sent = f'{{"{name}": {value}}}'.encode()
            assert api.send("POST", "accounts", sent).status_code == 400

    def test_more_requests_in_a_set_than_a_batch_may_have(self, api: Api) -> None:
        part = b"--c\r\nContent-Type: application/http\r\n\r\nDELETE accounts(x) HTTP/1.1\r\n\r\n"
        sent = (
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" + part * 1001 + b"--c--\r\n--b--\r\n"
        )
        response = api.send("POST", "$batch", sent, content_type="multipart/mixed; boundary=b")
        assert response.status_code == 400


class TestTheOrganization:
    def test_who_am_i(self, api: Api) -> None:
        answer = body(api.get("WhoAmI"))
        assert answer["OrganizationId"] == str(api.instance.organization_id)
        user = SystemUser.objects.get(application_id=api.credentials.client_id)
        assert answer["UserId"] == str(user.id)

    def test_languages(self, api: Api) -> None:
        assert body(api.get("RetrieveProvisionedLanguages"))["RetrieveProvisionedLanguages"] == [1031, 1033]
        assert body(api.get("RetrieveAvailableLanguages()"))["LocaleIds"] == [1031, 1033, 1036]

    def test_a_language_is_enabled_and_disabled(self, api: Api) -> None:
        assert api.send("POST", "ProvisionLanguage", {"Language": 1036}).status_code == 204
        assert Language.objects.get(instance=api.instance, lcid=1036).enabled
        assert api.send("POST", "DeprovisionLanguage", {"Language": 1036}).status_code == 204
        assert not Language.objects.get(instance=api.instance, lcid=1036).enabled

    @pytest.mark.parametrize("language", [9999, "1036", True, None, -1])
    def test_a_language_that_is_none(self, api: Api, language: Any) -> None:
        assert api.send("POST", "ProvisionLanguage", {"Language": language}).status_code == 400

    def test_administrators_by_role_template(self, api: Api) -> None:
        ann = add_person(api.instance, ADMINISTRATOR)
        add_person(api.instance, CUSTOMIZER, name="Carl Dent")
        template = ROLE_TEMPLATES[ADMINISTRATOR]
        (role,) = api.rows(
            "roles", {"$select": "roleid,name", "$filter": f"_roletemplateid_value eq {template}"}
        )
        condition = f"isdisabled eq false and systemuserroles_association/any(r:r/roleid eq {role['roleid']})"
        found = api.rows(
            "systemusers", {"$select": "fullname", "$filter": f"{condition} and applicationid eq null"}
        )
        assert found == [{"fullname": "Ann Beebe", "systemuserid": str(ann.id)}]

    def test_roles_of_a_user(self, api: Api) -> None:
        carl = add_person(api.instance, CUSTOMIZER, name="Carl Dent")
        rows = api.rows(f"systemusers({carl.id})/systemuserroles_association", {"$select": "name"})
        assert [row["name"] for row in rows] == ["System Customizer"]
        assert api.rows(f"systemusers({carl.id})/teammembership_association") == []

    def test_users_with_their_roles_expanded(self, api: Api) -> None:
        carl = add_person(api.instance, CUSTOMIZER, name="Carl Dent")
        query = {"$expand": "systemuserroles_association($select=name)", "$select": "fullname"}
        user = body(api.get(f"systemusers({carl.id})", query))
        assert [role["name"] for role in user["systemuserroles_association"]] == ["System Customizer"]

    def test_metadata_is_an_xml_document(self, api: Api) -> None:
        response = api.get("$metadata")
        assert response["Content-Type"] == "application/xml"
        assert b'EntitySet Name="accounts"' in response.content

    def test_the_service_document_names_the_sets(self, api: Api) -> None:
        assert {"accounts", "systemusers"} <= {row["name"] for row in api.rows("")}


class TestDefinitions:
    def test_a_table_is_found_by_its_logical_name(self, api: Api) -> None:
        query = {
            "$select": "LogicalName,EntitySetName,PrimaryIdAttribute",
            "$filter": "LogicalName eq 'contact'",
        }
        (row,) = api.rows("EntityDefinitions", query)
        assert (row["EntitySetName"], row["PrimaryIdAttribute"]) == ("contacts", "contactid")

    def test_columns_tell_their_type(self, api: Api) -> None:
        row = body(
            api.get("EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='parentcustomerid')")
        )
        assert (row["AttributeType"], row["Targets"]) == ("Lookup", ["account", "contact"])

    def test_lookups_tell_their_navigation_properties(self, api: Api) -> None:
        query = {"$filter": "ReferencingAttribute eq 'parentcustomerid'"}
        rows = api.rows("EntityDefinitions(LogicalName='contact')/ManyToOneRelationships", query)
        assert {row["ReferencingEntityNavigationPropertyName"] for row in rows} == {
            "parentcustomerid_account",
            "parentcustomerid_contact",
        }

    def test_an_unknown_table(self, api: Api) -> None:
        assert api.get("EntityDefinitions(LogicalName='nothing')").status_code == 404

    def test_labels_in_the_languages_that_are_enabled(self, api: Api) -> None:
        send_package(api, "ImportSolutionAsync", "PortalBase")
        row = body(api.get("EntityDefinitions(LogicalName='adx_webpage')", {"$select": "DisplayName"}))
        texts = {label["LanguageCode"]: label["Label"] for label in row["DisplayName"]["LocalizedLabels"]}
        assert texts == {1031: "Webseite", 1033: "Web Page"}


def send_package(api: Api, action: str, name: str, **more: Any) -> HttpResponse:
    import base64

    file = base64.b64encode(catalog.load(name)).decode()
    return api.send("POST", action, {"CustomizationFile": file, **more})


class TestSolutions:
    def test_staging_tells_what_is_missing(self, api: Api) -> None:
        results = body(send_package(api, "StageSolution", "CustomerSelfServicePortal"))[
            "StageSolutionResults"
        ]
        assert results["StageSolutionStatus"] == "Failed"
        assert [row["RequiredComponentDisplayName"] for row in results["MissingDependencies"]] == [
            "Portal Base 9.0.0.0"
        ]
        assert api.rows("solutions") == []

    def test_an_import_is_followed_by_its_operation(self, api: Api) -> None:
        job_id = str(uuid4())
        begun = body(send_package(api, "ImportSolutionAsync", "PortalBase", ImportJobId=job_id))
        assert begun["ImportJobKey"] == job_id
        operation = body(api.get(f"asyncoperations({begun['AsyncOperationId']})"))
        assert (operation["statecode"], operation["statuscode"]) == (3, 30)
        assert body(api.get(f"importjobs({job_id})"))["progress"] == 100
        assert [row["uniquename"] for row in api.rows("solutions")] == ["PortalBase"]

    def test_a_failed_import_says_why(self, api: Api) -> None:
        begun = body(send_package(api, "ImportSolutionAsync", "CustomerSelfServicePortal"))
        operation = body(api.get(f"asyncoperations({begun['AsyncOperationId']})"))
        assert (operation["statecode"], operation["statuscode"]) == (3, 31)
        assert "Portal Base 9.0.0.0" in operation["message"]
        assert operation["errorcode"] == 0x8004801D - 2**32

    @pytest.mark.parametrize("file", ["", "bm8=", "no base64!", 5, None])
    def test_what_is_no_package_is_refused(self, api: Api, file: Any) -> None:
        response = api.send("POST", "ImportSolutionAsync", {"CustomizationFile": file})
        assert response.status_code == 400
        assert api.rows("asyncoperations") == []

    def test_the_largest_package_that_is_taken_comes_through(self, api: Api, settings: LazySettings) -> None:
        """As base64 it is larger than any form may be."""
        settings.MAX_BODY_BYTES = 1000
        file = base64.b64encode(bytes(MAX_FILE)).decode()
        response = api.send("POST", "StageSolution", {"CustomizationFile": file})
        assert fault(response) == (400, "0x80048060")

    def test_a_larger_one_is_told_the_limit(self, api: Api) -> None:
        response = api.send("POST", "StageSolution", b" " * (MAX_BODY + 1))
        assert fault(response) == (413, "0x80040203")
        assert "a file of 20 MB" in body(response)["error"]["message"]
        file = base64.b64encode(bytes(MAX_FILE + 3)).decode()
        response = api.send("POST", "StageSolution", {"CustomizationFile": file})
        assert fault(response) == (413, "0x80040203")

    @pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b", "application/x-www-form-urlencoded"])
    def test_forms_are_not_read_before_one_is_let_in(
        self, api: Api, settings: LazySettings, kind: str
    ) -> None:
        settings.MAX_BODY_BYTES = 1000
        response = api.send("POST", "StageSolution", b"a" * 2000, content_type=kind)
        assert response.status_code == 413

    def test_one_import_at_a_time(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each keeps a thread of the web server until it ends, so they do not queue for it."""
        seen: list[HttpResponse] = []
        prepare = staging.prepare

        def meanwhile(*args: Any, **kwargs: Any) -> bool:
            seen.append(send_package(api, "ImportSolutionAsync", "PortalBase"))
            return prepare(*args, **kwargs)

        monkeypatch.setattr(staging, "prepare", meanwhile)
        assert send_package(api, "ImportSolutionAsync", "PortalBase").status_code == 200
        assert {fault(response) for response in seen} == {(429, "0x80071151")}
        assert seen[0]["Retry-After"]
        assert send_package(api, "ImportSolutionAsync", "PortalBase").status_code == 200

    def test_missing_dependencies_of_what_is_installed(self, api: Api) -> None:
        send_package(api, "ImportSolutionAsync", "PortalBase")
        assert api.rows("RetrieveMissingDependencies(SolutionUniqueName='PortalBase')") == []
        assert api.get("RetrieveMissingDependencies(SolutionUniqueName='Nothing')").status_code == 404


class TestRecords:
    def test_one_is_made_and_read(self, api: Api) -> None:
        key = api.create(
            "accounts", {"name": "Äpfel", "numberofemployees": 7, "creditonhold": True, "revenue": 1.5}
        )
        row = body(api.get(f"accounts({key})"))
        assert (row["name"], row["numberofemployees"], row["creditonhold"], row["revenue"]) == (
            "Äpfel",
            7,
            True,
            1.5,
        )
        assert (row["statecode"], row["telephone1"], row["@odata.etag"]) == (0, None, 'W/"1"')

    def test_a_lookup_is_bound_and_followed(self, api: Api) -> None:
        account = api.create("accounts", {"name": "Litware"})
        contact = api.create(
            "contacts", {"fullname": "Ann", "parentcustomerid_account@odata.bind": f"/accounts({account})"}
        )
        row = body(api.get(f"contacts({contact})", {"$expand": "parentcustomerid_account($select=name)"}))
        assert row["_parentcustomerid_value"] == account
        assert row["parentcustomerid_account"]["name"] == "Litware"
        assert [r["fullname"] for r in api.rows(f"accounts({account})/contact_customer_accounts")] == ["Ann"]
        assert body(api.get(f"contacts({contact})/parentcustomerid_account"))["name"] == "Litware"
        with_contacts = body(api.get(f"accounts({account})", {"$expand": "contact_customer_accounts"}))
        assert [r["fullname"] for r in with_contacts["contact_customer_accounts"]] == ["Ann"]

    def test_a_lookup_is_taken_away(self, api: Api) -> None:
        account = api.create("accounts", {"name": "Litware"})
        contact = api.create("contacts", {"parentcustomerid_account@odata.bind": f"/accounts({account})"})
        api.send("PATCH", f"contacts({contact})", {"parentcustomerid_account@odata.bind": None})
        assert body(api.get(f"contacts({contact})"))["_parentcustomerid_value"] is None

    def test_an_update_leaves_the_rest(self, api: Api) -> None:
        key = api.create("accounts", {"name": "a", "telephone1": "1"})
        response = api.send("PATCH", f"accounts({key})", {"name": "b"}, Prefer="return=representation")
        assert (response.status_code, body(response)["name"], body(response)["telephone1"]) == (200, "b", "1")
        assert response["ETag"] == 'W/"2"'

    def test_a_change_of_an_older_version_is_refused(self, api: Api) -> None:
        key = api.create("accounts", {"name": "a"})
        api.send("PATCH", f"accounts({key})", {"name": "b"}, If_Match='W/"1"')
        response = api.send("PATCH", f"accounts({key})", {"name": "c"}, If_Match='W/"1"')
        assert fault(response) == (412, "0x80060882")
        assert body(api.get(f"accounts({key})"))["name"] == "b"

    def test_a_removal_of_an_older_version_is_refused(self, api: Api) -> None:
        key = api.create("accounts", {"name": "a"})
        assert api.send("DELETE", f"accounts({key})", If_Match='W/"7"').status_code == 412
        assert api.send("DELETE", f"accounts({key})", If_Match='W/"1"').status_code == 204
        assert fault(api.send("DELETE", f"accounts({key})")) == (404, "0x80040217")

    def test_patch_makes_what_is_not_there(self, api: Api) -> None:
        key = str(uuid4())
        response = api.send("PATCH", f"accounts({key})", {"name": "a"}, Prefer="return=representation")
        assert (response.status_code, body(response)["accountid"]) == (201, key)

    def test_if_match_makes_nothing(self, api: Api) -> None:
        assert fault(api.send("PATCH", f"accounts({uuid4()})", {"name": "a"}, If_Match="*"))[0] == 404
        assert Record.objects.count() == 0

    def test_if_none_match_changes_nothing(self, api: Api) -> None:
        key = api.create("accounts", {"name": "a"})
        response = api.send("PATCH", f"accounts({key})", {"name": "b"}, If_None_Match="*")
        assert fault(response) == (412, "0x80040237")

    def test_the_same_id_twice(self, api: Api) -> None:
        key = api.create("accounts", {"name": "a"})
        assert fault(api.send("POST", "accounts", {"accountid": key})) == (412, "0x80040237")

    def test_an_unchanged_record_is_not_sent_again(self, api: Api) -> None:
        key = api.create("accounts", {"name": "a"})
        assert api.get(f"accounts({key})", If_None_Match='W/"1"').status_code == 304
        assert api.get(f"accounts({key})", If_None_Match="null").status_code == 200

    def test_one_property_is_read_set_and_taken_away(self, api: Api) -> None:
        key = api.create("accounts", {"name": "a"})
        api.send("PUT", f"accounts({key})/name", {"value": "b"})
        assert body(api.get(f"accounts({key})/name")) == {"value": "b"}
        api.send("DELETE", f"accounts({key})/name")
        assert api.get(f"accounts({key})/name").status_code == 204

    def test_an_alternate_key_names_a_record(self, api: Api) -> None:
        response = api.send("PATCH", "accounts(accountnumber='A-1')", {"name": "a"})
        assert response.status_code == 204
        api.send("PATCH", "accounts(accountnumber='A-1')", {"name": "b"})
        assert [row["name"] for row in api.rows("accounts")] == ["b"]
        assert fault(api.send("POST", "accounts", {"accountnumber": "A-1"})) == (412, "0x80040237")
        assert api.get("accounts(name='b')").status_code == 400

    @pytest.mark.parametrize(
        "payload",
        [
            {"nothing": 1},
            {"name": 1},
            {"numberofemployees": "7"},
            {"numberofemployees": True},
            {"numberofemployees": 2**31},
            {"creditonhold": "yes"},
            {"lastonholdtime": "yesterday"},
            {"lastonholdtime": "2026-01-31T08:00:00"},
            {"versionnumber": 3},
            {"primarycontactid": str(uuid4())},
            {"primarycontactid@odata.bind": f"/accounts({uuid4()})"},
            {"primarycontactid@odata.bind": "/contacts(1)"},
            {"nothing@odata.bind": f"/contacts({uuid4()})"},
            {"accountid": "no id"},
            {"name": ["a"]},
            {"name": "a\x00b"},
        ],
    )
    def test_a_payload_that_does_not_fit_is_refused(self, api: Api, payload: Any) -> None:
        response = api.send("POST", "accounts", payload)
        assert response.status_code == 400, response.content
        assert body(response)["error"]["code"] in {"0x80048d19", "0x80060888"}
        assert Record.objects.count() == 0

    @pytest.mark.parametrize("text", [b"{", b"[1]", b"\xff", b'"a"', b"[" * 100_000])
    def test_what_is_no_json_object_is_refused(self, api: Api, text: bytes) -> None:
        assert fault(api.send("POST", "accounts", text)) == (400, "0x80048d19")

    def test_many_are_made_changed_and_removed_at_once(self, api: Api) -> None:
        made = api.send(
            "POST",
            "accounts/Microsoft.Dynamics.CRM.CreateMultiple",
            {"Targets": [{"@odata.type": "Microsoft.Dynamics.CRM.account", "name": name} for name in "ab"]},
        )
        first, second = body(made)["Ids"]
        changes = [{"accountid": first, "name": "c"}, {"accountid": second, "name": "d"}]
        api.send("POST", "accounts/Microsoft.Dynamics.CRM.UpdateMultiple", {"Targets": changes})
        assert [row["name"] for row in api.rows("accounts", {"$orderby": "name"})] == ["c", "d"]

    def test_many_at_once_are_all_or_none(self, api: Api) -> None:
        targets = {"Targets": [{"name": "a"}, {"nothing": 1}]}
        assert api.send("POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple", targets).status_code == 400
        assert Record.objects.count() == 0

    def test_records_of_others_are_not_there(self, api: Api) -> None:
        other = make_instance("Northwind")
        Record.objects.create(instance=other, entity="account", record_id=uuid4(), attributes={}, version=1)
        assert api.rows("accounts") == []


class TestAddresses:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "nothings", 404),
            ("GET", "accounts(no-id)", 400),
            ("GET", f"accounts({NOBODY})/nothing", 404),
            ("GET", f"accounts({NOBODY})", 404),
            ("GET", "accounts/accounts", 404),
            ("POST", f"accounts({NOBODY})", 405),
            ("POST", "WhoAmI", 400),
            ("GET", "ProvisionLanguage", 400),
            ("PATCH", "systemusers", 405),
            ("GET", "a/b/c/d/e/f/g", 400),
            ("GET", "accounts('; DROP TABLE x --')", 400),
            ("TRACE", "accounts", 405),
        ],
    )
    def test_a_wrong_one_is_told_so(self, api: Api, method: str, path: str, status: int) -> None:
        response = api.send(method, path)
        assert fault(response)[0] == status

    def test_an_unknown_host(self, db: None) -> None:
        response = Client(HTTP_HOST="nobody.crm.localhost").get("/api/data/v9.2/WhoAmI")
        assert response.status_code == 404

    def test_the_admin_center_is_not_on_this_host(self, api: Api) -> None:
        assert api.get("/applications/").status_code == 404
        assert api.get("/accounts/login/").status_code == 404


class TestBatch:
    def send(self, api: Api, *parts: str, prefer: str = "") -> HttpResponse:
        text = "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--\r\n"
        return api.send(
            "POST", "$batch", text.encode(), content_type="multipart/mixed; boundary=b", Prefer=prefer
        )

    @staticmethod
    def request(method: str, path: str, payload: Any = None, content_id: str = "") -> str:
        identified = f"Content-ID: {content_id}\r\n" if content_id else ""
        text = "" if payload is None else json.dumps(payload)
        return (
            f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{identified}\r\n"
            f"{method} {path} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{text}"
        )

    def changes(self, *requests: str) -> str:
        inner = "".join(f"--c\r\n{request}\r\n" for request in requests)
        return f"Content-Type: multipart/mixed; boundary=c\r\n\r\n{inner}--c--\r\n"

    def test_requests_are_answered_in_their_order(self, api: Api) -> None:
        api.create("accounts", {"name": "Litware"})
        response = self.send(
            api,
            self.request("GET", "/api/data/v9.2/WhoAmI"),
            self.request("GET", "accounts?$filter=name%20eq%20'Litware'&$select=name"),
        )
        text = response.content.decode()
        assert response.status_code == 200
        assert text.index("OrganizationId") < text.index("Litware")
        assert text.count("HTTP/1.1 200 OK") == 2

    def test_a_change_set_is_done_as_a_whole(self, api: Api) -> None:
        response = self.send(
            api,
            self.changes(
                self.request("POST", "accounts", {"name": "a"}, "1"),
                self.request("POST", "accounts", {"nothing": "b"}, "2"),
            ),
        )
        assert b"HTTP/1.1 400 Bad Request" in response.content
        assert b"Content-ID: 2" in response.content
        assert Record.objects.count() == 0

    def test_later_requests_name_what_earlier_ones_made(self, api: Api) -> None:
        self.send(
            api,
            self.changes(
                self.request("POST", "accounts", {"name": "Litware"}, "1"),
                self.request(
                    "POST", "contacts", {"fullname": "Ann", "parentcustomerid_account@odata.bind": "$1"}, "2"
                ),
                self.request("PATCH", "$1", {"telephone1": "5"}, "3"),
            ),
        )
        (account,) = api.rows("accounts")
        (contact,) = api.rows("contacts")
        assert (contact["_parentcustomerid_value"], account["telephone1"]) == (account["accountid"], "5")

    def test_an_error_ends_the_batch(self, api: Api) -> None:
        parts = [self.request("GET", "nothings"), self.request("GET", "WhoAmI")]
        assert b"OrganizationId" not in self.send(api, *parts).content
        assert b"OrganizationId" in self.send(api, *parts, prefer="odata.continue-on-error").content

    @pytest.mark.parametrize(
        ("text", "content_type"),
        [
            (b"", "multipart/mixed; boundary=b"),
            (b"--b\r\n\r\nx\r\n--b--", "multipart/mixed; boundary=b"),
            (
                b"--b\r\nContent-Type: application/http\r\n\r\nGET WhoAmI HTTP/1.1\r\n",
                "multipart/mixed; boundary=b",
            ),
            (
                b"--b\r\nContent-Type: application/http\r\n\r\nnonsense\r\n--b--",
                "multipart/mixed; boundary=b",
            ),
            (b"{}", "application/json"),
        ],
    )
    def test_what_is_no_batch_is_refused(self, api: Api, text: bytes, content_type: str) -> None:
        assert fault(api.send("POST", "$batch", text, content_type=content_type)) == (400, "0x80060888")

    def test_a_change_set_reads_nothing(self, api: Api) -> None:
        response = self.send(api, self.changes(self.request("GET", "WhoAmI")))
        assert fault(response)[0] == 400

    def test_too_many_requests_are_refused(self, api: Api) -> None:
        response = self.send(api, *[self.request("GET", "WhoAmI")] * 1001)
        assert fault(response)[0] == 400


def test_an_answer_costs_few_queries(api: Api, django_assert_max_num_queries: Any) -> None:
    for name in "abc":
        account = api.create("accounts", {"name": name})
        api.create("contacts", {"parentcustomerid_account@odata.bind": f"/accounts({account})"})
    with django_assert_max_num_queries(
        9
    ):  # organization, token, user, roles; a savepoint, a bound; page, expansion
        api.rows("contacts", {"$expand": "parentcustomerid_account", "$orderby": "createdon"})


def test_credentials_keep_their_secret_out_of_texts(instance: Instance) -> None:
    credentials: Credentials = add_client(instance)
    assert credentials.secret not in repr(credentials)
    assert UUID(str(credentials.client_id))

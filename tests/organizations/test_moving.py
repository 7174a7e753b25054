"""An embedded organization gets another address: its Web API goes along, and what was bound to the old one is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from accounts.models import AuditRecord
from accounts.roles import OrganizationRole
from organizations import moving
from organizations.connect import connect
from organizations.demo import load_demo
from organizations.locating import AddressRefused
from organizations.models import Instance
from tests.organizations.world import make_instance, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def page(instance: Instance) -> str:
    return f"/instances/{instance.id}/address/"


def signed_in(instance: Instance, role: OrganizationRole) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(make_user(instance, role))
    return client


def api(host: str) -> int:
    return Client(HTTP_HOST=host).get("/api/data/v9.2/WhoAmI").status_code


def test_the_web_api_answers_at_the_new_host_only(instance: Instance) -> None:
    before = connect(instance).who_am_i()
    assert api("fabrikam.crm.localhost") == 401
    browser = signed_in(instance, OrganizationRole.SYSTEM_ADMINISTRATOR)
    response = browser.post(page(instance), {"name": " Fabrikam-Ltd "})
    assert (response.status_code, response["Location"]) == (302, page(instance))
    instance.refresh_from_db()
    assert instance.url == "https://fabrikam-ltd.crm.localhost"
    assert (api("fabrikam-ltd.crm.localhost"), api("fabrikam.crm.localhost")) == (401, 404)
    assert connect(instance).who_am_i() == before


def test_the_audit_trail_tells_who_changed_it_from_what_to_what(instance: Instance) -> None:
    browser = signed_in(instance, OrganizationRole.SYSTEM_ADMINISTRATOR)
    browser.post(page(instance), {"name": "adventure"})
    record = AuditRecord.objects.get(verb="update-instance-url")
    assert (record.before, record.after) == (
        {"url": "https://fabrikam.crm.localhost"},
        {"url": "https://adventure.crm.localhost"},
    )


def test_the_page_has_the_present_name_and_says_what_will_happen(instance: Instance) -> None:
    shown = signed_in(instance, OrganizationRole.SYSTEM_ADMINISTRATOR).get(page(instance)).content.decode()
    assert 'value="fabrikam"' in shown
    assert ".crm.localhost" in shown
    assert "No portal is bound to it." in shown


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_missing"),
        ("a", "name_length"),
        ("x" * 64, "name_length"),
        ("two words", "name_characters"),
        ("-contoso", "name_characters"),
        ("contoso.evil", "name_characters"),
        ("straße", "name_characters"),
        ("\u212acontoso", "name_characters"),
        ("xn--abc", "name_encoded"),
        ("FABRIKAM", "same_address"),
        ("northwind", "url_taken"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_words(instance: Instance, name: str, code: str) -> None:
    make_instance("Northwind")
    browser = signed_in(instance, OrganizationRole.SYSTEM_ADMINISTRATOR)
    response = browser.post(page(instance), {"name": name})
    assert response.status_code == 422
    assert f'data-error-code="{code}"' in response.content.decode()
    instance.refresh_from_db()
    assert instance.url == "https://fabrikam.crm.localhost"


def test_a_customizer_may_not(instance: Instance) -> None:
    browser = signed_in(instance, OrganizationRole.SYSTEM_CUSTOMIZER)
    assert browser.get(page(instance)).status_code == 403
    assert browser.post(page(instance), {"name": "other"}).status_code == 403


def test_an_organization_somewhere_else_has_its_address_in_its_connection(instance: Instance) -> None:
    browser = signed_in(instance, OrganizationRole.SYSTEM_ADMINISTRATOR)
    Instance.objects.filter(pk=instance.pk).update(kind=Instance.Kind.DATAVERSE)
    assert browser.post(page(instance), {"name": "other"}).status_code == 404
    with pytest.raises(Instance.DoesNotExist):
        moving.move(instance_id=instance.id, name="other")


def test_of_two_organizations_that_want_one_name_at_once_one_gets_it(instance: Instance) -> None:
    other = make_instance("Northwind")

    def move(mover: Instance) -> bool:
        try:
            moving.move(instance_id=mover.id, name="adventure")
        except AddressRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as people:
        assert sorted(people.map(move, [instance, other])) == [False, True]


def test_the_demo_finds_its_organization_after_a_move(db: None) -> None:
    from accounts.models import User
    from portaladmin.demo import load_demo as whole

    whole()
    contoso = Instance.objects.get(name="Contoso")
    moving.move(instance_id=contoso.id, name="contoso-ltd")
    people = {user.email.partition("@")[0]: user.directory_object_id for user in User.objects.all()}
    load_demo(people)
    assert Instance.objects.count() == 2
    assert Instance.objects.get(pk=contoso.pk).url == "https://contoso-ltd.crm.localhost"

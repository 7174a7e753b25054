"""The configure form and the terms, over HTTP, without JavaScript."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from jobs.models import Job
from organizations.models import Language
from provisioning import terms
from provisioning.models import Address, Draft, Portal
from tests.provisioning.conftest import SignIn, World

pytestmark = pytest.mark.django_db


def page(portal: Portal) -> str:
    return f"/portals/{portal.id}/configure/"


def accept(portal: Portal) -> str:
    return f"/portals/{portal.id}/terms/"


def agree(browser: Client, portal: Portal) -> Any:
    """Look at the terms, and accept what was seen."""
    browser.get(accept(portal))
    return browser.post(accept(portal), {"accept": terms.CURRENT.version})


def codes(response: Any) -> set[str]:
    parts = response.content.decode().split('data-error-code="')[1:]
    return {part.partition('"')[0] for part in parts}


def test_the_form_leads_to_the_terms_and_they_to_a_job(world: World, sign_in: SignIn) -> None:
    browser, portal = sign_in("system.admin"), world.portal()
    response = browser.post(page(portal), world.values())
    assert (response.status_code, response["Location"]) == (302, accept(portal))
    assert "Terms of Service" in browser.get(accept(portal)).content.decode()
    assert not Job.objects.exists()
    response = agree(browser, portal)
    assert (response.status_code, response["Location"]) == (302, f"/portals/{portal.id}/")
    assert Job.objects.get().exclusive_key == f"portal:{portal.id}"
    assert not Draft.objects.exists()


def test_accepting_twice_makes_one_job(world: World, sign_in: SignIn) -> None:
    browser, portal = sign_in("system.admin"), world.portal()
    browser.post(page(portal), world.values())
    for _ in range(2):
        agree(browser, portal)
    assert Job.objects.count() == 1


def test_terms_that_were_not_accepted_or_not_seen_begin_nothing(world: World, sign_in: SignIn) -> None:
    browser, portal = sign_in("system.admin"), world.portal()
    browser.post(page(portal), world.values())
    browser.post(accept(portal), {"accept": terms.CURRENT.version})  # not seen
    browser.get(accept(portal))
    browser.post(accept(portal), {})
    browser.post(accept(portal), {"accept": "yes", "shown": "2017-05:1"})
    assert not Job.objects.exists()
    agree(browser, portal)
    assert Job.objects.exists()


def test_nobody_accepts_values_that_they_did_not_see(world: World, sign_in: SignIn) -> None:
    browser, portal = sign_in("system.admin"), world.portal()
    browser.post(page(portal), world.values(name="Alpha"))
    assert "Alpha" in browser.get(accept(portal)).content.decode()
    sign_in("customizer").post(page(portal), world.values(name="Somebody else's", subdomain="evil-one"))
    response = browser.post(accept(portal), {"accept": terms.CURRENT.version}, follow=True)
    shown = response.content.decode()
    assert not Job.objects.exists()
    assert "Clara Stein changed the values" in shown
    assert "evil-one" in shown
    browser.post(accept(portal), {"accept": terms.CURRENT.version})
    assert Job.objects.get().inputs["subdomain"] == "evil-one"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": ""}, "required"),
        ({"name": "   "}, "name_missing"),
        ({"name": "x" * 101}, "name_too_long"),
        ({"subdomain": ""}, "required"),
        ({"subdomain": "a"}, "subdomain_length"),
        ({"subdomain": "xn--abc"}, "subdomain_encoded"),
        ({"subdomain": "www"}, "subdomain_reserved"),
        ({"instance": ""}, "required"),
        ({"instance": "nonsense"}, "invalid_choice"),
        ({"language": "1025"}, "invalid_choice"),
        ({"language": "1037"}, "invalid_choice"),
        ({"language": "1040"}, "invalid_choice"),
        ({"language": "x"}, "invalid_choice"),
        ({"administrator": "00000000-0000-0000-0000-000000000000"}, "invalid_choice"),
        ({"audience": "martians"}, "invalid_choice"),
        ({"template": "partner"}, "invalid_choice"),
        ({"template": "employee-self-service"}, "invalid_choice"),
        ({"development_status": "finished"}, "invalid_choice"),
    ],
)
def test_bad_input_is_refused_with_its_code_and_kept_in_the_form(
    world: World, sign_in: SignIn, changes: dict[str, str], code: str
) -> None:
    browser, portal = sign_in("system.admin"), world.portal()
    response = browser.post(page(portal), world.values(name="Kept as it was") | changes)
    assert response.status_code == 422
    assert code in codes(response)
    assert "name" in changes or "Kept as it was" in response.content.decode()
    assert not Job.objects.exists()


def test_a_taken_address_is_refused(world: World, sign_in: SignIn) -> None:
    Address.objects.create(
        subdomain="contososupport", instance=world.production, portal=world.portal("trial")
    )
    response = sign_in("system.admin").post(page(world.portal()), world.values(subdomain="ContosoSupport"))
    assert "url_taken" in codes(response)


def test_an_address_that_is_kept_for_the_organization_can_be_used_by_it_again(
    world: World, sign_in: SignIn
) -> None:
    Address.objects.create(
        subdomain="contososupport", instance=world.production, answered_at=world.production.created_at
    )
    assert sign_in("system.admin").post(page(world.portal()), world.values()).status_code == 302


def test_an_address_that_is_kept_for_another_organization_is_taken(world: World, sign_in: SignIn) -> None:
    Address.objects.create(
        subdomain="contososupport", instance=world.sandbox, answered_at=world.sandbox.created_at
    )
    assert "url_taken" in codes(sign_in("system.admin").post(page(world.portal()), world.values()))


def test_what_was_valid_at_the_form_is_checked_again_at_the_terms(world: World, sign_in: SignIn) -> None:
    browser, portal = sign_in("system.admin"), world.portal()
    browser.post(page(portal), world.values(language="1031"))
    Language.objects.filter(instance=world.production, lcid=1031).update(enabled=False)
    response = browser.post(accept(portal), {"accept": terms.CURRENT.version})
    assert response.status_code == 422
    assert "not enabled in the instance any more" in response.content.decode()
    assert not Job.objects.exists()


def test_a_draft_survives_signing_out(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    sign_in("system.admin").post(page(portal), world.values(name="Half done", subdomain=""))
    assert "Half done" in sign_in("system.admin").get(page(portal)).content.decode()


def test_a_customizer_prepares_and_an_administrator_submits(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    response = sign_in("customizer").post(page(portal), world.values(name="Prepared"))
    assert response.status_code == 422
    assert "not_administrator" in codes(response)
    assert "Prepared" in sign_in("system.admin").get(page(portal)).content.decode()


def test_without_javascript_the_lists_come_with_a_button(world: World, sign_in: SignIn) -> None:
    browser, portal = sign_in("global.admin"), world.portal()
    browser.post(
        page(portal), {"instance": str(world.production.id), "audience": "customer", "show": "instance"}
    )
    shown = browser.get(page(portal)).content.decode()
    assert "German (Germany)" in shown
    assert 'value="customer-self-service"' in shown
    assert "field-error" not in shown


def test_arabic_and_hebrew_are_enabled_but_not_offered(world: World, sign_in: SignIn) -> None:
    assert {1025, 1037} <= set(world.organization.provisioned_languages())
    url = f"/portals/{world.portal().id}/configure/instance/?instance={world.production.id}"
    shown = sign_in("system.admin").get(url).content.decode()
    assert 'value="1033"' in shown
    assert "Arabic (" not in shown
    assert "Hebrew (" not in shown


def test_only_system_administrators_are_offered_as_portal_administrators(
    world: World, sign_in: SignIn
) -> None:
    url = f"/portals/{world.portal().id}/configure/instance/?instance={world.production.id}"
    shown = sign_in("system.admin").get(url).content.decode()
    assert "Samir Addo" in shown
    assert "Clara Stein" not in shown


@pytest.mark.parametrize(
    ("audience", "first", "absent"),
    [
        ("customer", "customer-self-service", "employee-self-service"),
        ("employee", "employee-self-service", "custom"),
    ],
)
def test_kinds_depend_on_the_audience(
    world: World, sign_in: SignIn, audience: str, first: str, absent: str
) -> None:
    url = f"/portals/{world.portal().id}/configure/kinds/?audience={audience}"
    shown = sign_in("system.admin").get(url).content.decode()
    assert f'value="{first}"' in shown
    assert f'value="{absent}"' not in shown


def test_an_organization_that_is_not_reached_says_so(world: World, sign_in: SignIn) -> None:
    world.production.state = "disabled"
    world.production.save()
    url = f"/portals/{world.portal().id}/configure/instance/?instance={world.production.id}"
    response = sign_in("global.admin").get(url)
    assert response.status_code == 200
    assert "organization_unavailable" in codes(response)


def test_a_trial_portal_has_no_development_status(world: World, sign_in: SignIn) -> None:
    shown = sign_in("system.admin").get(page(world.portal("trial"))).content.decode()
    assert 'name="development_status"' not in shown
    assert 'value="Trial"' in shown


def test_a_configured_portal_cannot_be_configured_again(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    world.submit(portal)
    response = sign_in("system.admin").post(page(portal), world.values(name="Another"))
    assert response.status_code == 302
    portal.refresh_from_db()
    assert portal.name == "Contoso Support"


@pytest.mark.django_db(transaction=True)
def test_two_people_who_accept_at_once_make_one_job(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    browsers = [sign_in("system.admin"), sign_in("global.admin")]
    browsers[0].post(page(portal), world.values())
    barrier, answers = threading.Barrier(2), []

    def press(browser: Client) -> None:
        barrier.wait()
        try:
            answers.append(agree(browser, portal))
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[browser]) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("subdomain", "verdict"),
    [
        ("contososupport", "free"),
        ("ContosoSupport", "free"),
        ("taken-one", "url_taken"),
        ("ab", "subdomain_length"),
        ("www", "subdomain_reserved"),
        ("a_b", "subdomain_characters"),
    ],
)
def test_the_url_is_checked_while_it_is_typed(
    world: World, sign_in: SignIn, subdomain: str, verdict: str
) -> None:
    Address.objects.create(subdomain="taken-one", instance=world.production, portal=world.portal("trial"))
    url = f"/portals/{world.portal().id}/configure/url/"
    shown = sign_in("system.admin").get(url, {"subdomain": subdomain}).content.decode()
    assert f'data-url-check="{verdict}"' in shown


def test_an_empty_url_is_not_complained_about_while_it_is_typed(world: World, sign_in: SignIn) -> None:
    shown = sign_in("system.admin").get(f"/portals/{world.portal().id}/configure/url/").content.decode()
    assert shown.strip() == ""


def test_strangers_cannot_find_out_which_portals_there_are(world: World, sign_in: SignIn) -> None:
    url = f"/portals/{world.portal().id}/configure/url/?subdomain=contoso"
    assert sign_in("nobody").get(url).status_code == 403
    browser = sign_in("system.admin")
    # Twice what a minute allows, since the minute may turn in between.
    assert 429 in {browser.get(url).status_code for _ in range(121)}


def test_the_form_compares_all_kinds_in_all_features(world: World, sign_in: SignIn) -> None:
    shown = sign_in("system.admin").get(page(world.portal())).content.decode()
    table = shown[shown.index('class="table table-sm features"') : shown.index("</table>")]
    assert table.count('<th scope="row">') == 26
    assert table.count(">yes<") == 60


def test_a_trial_becomes_a_production_portal(world: World, sign_in: SignIn) -> None:
    portal = world.portal("trial")
    url = f"/portals/{portal.id}/convert/"
    assert sign_in("system.admin").post(url).status_code == 403
    browser = sign_in("global.admin")
    assert browser.get(url).status_code == 200
    for _ in range(2):
        assert browser.post(url).status_code == 302
    portal.refresh_from_db()
    assert portal.get_type_display() == "Production"
    assert 'name="development_status"' in browser.get(page(portal)).content.decode()


def test_add_ons_are_offered_with_the_partner_portal_only(world: World, sign_in: SignIn) -> None:
    response = sign_in("system.admin").post(
        page(world.portal()), world.values(addons=["partner-field-service"])
    )
    assert response.status_code == 422
    kinds = f"/portals/{world.portal().id}/configure/kinds/?instance={world.production.id}&audience="
    assert 'name="addons"' in sign_in("system.admin").get(kinds + "partner").content.decode()
    assert 'name="addons"' not in sign_in("system.admin").get(kinds + "customer").content.decode()


def test_the_privacy_statement_can_be_read(sign_in: SignIn) -> None:
    assert sign_in("nobody").get("/privacy/").status_code == 200

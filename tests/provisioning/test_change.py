"""Change Values and Restart Provisioning, over HTTP, stepped by hand."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from accounts.models import DirectoryApplication
from jobs import ledger, runner, services
from jobs.models import Job
from provisioning.models import Address, Portal
from provisioning.phases import Packages, Phase
from tests.provisioning.conftest import SignIn, World, run_all

pytestmark = pytest.mark.django_db(transaction=True)


def change(portal: Portal) -> str:
    return f"/portals/{portal.id}/provision/change/"


@pytest.fixture
def failed(world: World, web: LiveServer, settings: Any) -> Portal:
    """A portal whose last step failed: everything was made, but its URL did not answer."""
    portal = world.portal()
    job = world.submit(portal)
    here, settings.WEB_ADDRESS = settings.WEB_ADDRESS, "127.0.0.1:1"  # nobody listens on port 1
    Job.objects.filter(pk=job.pk).update(step_errors=0)
    while Job.objects.get(pk=job.pk).state in {"queued", "waiting"}:
        Job.objects.filter(pk=job.pk).update(run_at=job.created_at)
        runner.run(job.id)
    settings.WEB_ADDRESS = here
    # The packages were requested already; they fail for the same reason as the portal, and are out of the way.
    packages = Job.objects.get(kind="install-packages")
    services.cancel(job_id=packages.id, requested_by=None)
    portal.refresh_from_db()
    assert (portal.phase, portal.packages) == (Phase.PROVISIONING_FAILED, Packages.INSTALL_FAILED)
    return portal


def newest(portal: Portal) -> Job:
    portal.refresh_from_db()
    assert portal.provision_job is not None
    return portal.provision_job


def test_the_form_begins_with_the_old_values(failed: Portal, sign_in: SignIn) -> None:
    shown = sign_in("system.admin").get(change(failed)).content.decode()
    assert 'value="Contoso Support"' in shown
    assert 'value="contososupport"' in shown
    assert 'value="1033" selected' in shown
    assert "Change Values and Restart Provisioning" in shown


def test_only_steps_whose_values_changed_are_done_anew(failed: Portal, world: World, sign_in: SignIn) -> None:
    before = DirectoryApplication.objects.get()
    response = sign_in("system.admin").post(change(failed), world.values(subdomain="another-one"))
    assert (response.status_code, response["Location"]) == (302, f"/portals/{failed.id}/")
    job = newest(failed)
    assert {step.name for step in job.steps.all() if step.kept} == {"request-packages"}
    assert "subdomain: contososupport → another-one" in job.events.order_by("id")[0].detail
    assert "Sylvia Admon changed" in job.events.order_by("id")[0].detail
    run_all()
    failed.refresh_from_db()
    assert (failed.phase, failed.subdomain) == (Phase.CONFIGURED, "another-one")
    assert DirectoryApplication.objects.get().client_id == before.client_id


def test_a_url_that_was_given_up_answers_nothing_and_is_free_again(
    failed: Portal, world: World, web: LiveServer, sign_in: SignIn
) -> None:
    sign_in("system.admin").post(change(failed), world.values(subdomain="another-one"))
    run_all()
    answer = httpx.get(web.url + "/", headers={"Host": "contososupport.portals.localhost"}, trust_env=False)
    assert answer.status_code == 404
    assert list(Address.objects.values_list("subdomain", flat=True)) == ["another-one"]
    held = {(row.kind, row.name) for row in ledger.held(exclusive_key=failed.exclusive_key)}
    assert ("address", "another-one") in held
    assert ("address", "contososupport") not in held


def test_a_url_that_ever_answered_stays_with_its_organization(
    failed: Portal, world: World, sign_in: SignIn
) -> None:
    Address.objects.update(answered_at=failed.created_at)
    sign_in("system.admin").post(change(failed), world.values(subdomain="another-one"))
    run_all()
    assert Address.objects.get(subdomain="contososupport").instance == world.production


def test_another_kind_of_portal_gets_its_own_packages(
    failed: Portal, world: World, web: LiveServer, sign_in: SignIn
) -> None:
    sign_in("system.admin").post(change(failed), world.values(template="custom"))
    run_all()
    failed.refresh_from_db()
    assert (failed.phase, failed.packages, failed.template) == (
        Phase.CONFIGURED,
        Packages.INSTALLED,
        "custom",
    )
    assert Job.objects.filter(kind="install-packages").count() == 2


def test_unchanged_values_are_a_plain_restart(failed: Portal, world: World, sign_in: SignIn) -> None:
    sign_in("system.admin").post(change(failed), world.values())
    job = newest(failed)
    assert sum(step.kept for step in job.steps.all()) == 5


def test_a_taken_url_can_be_changed_for_a_free_one(world: World, web: LiveServer, sign_in: SignIn) -> None:
    first, second = world.portal(), world.portal("trial")
    world.submit(first)
    world.submit(second)
    run_all()
    second.refresh_from_db()
    assert second.phase == Phase.PROVISIONING_FAILED
    sign_in("system.admin").post(change(second), world.values(subdomain="a-free-one"))
    run_all()
    second.refresh_from_db()
    assert (second.phase, second.packages) == (Phase.CONFIGURED, Packages.INSTALLED)


def test_bad_values_change_nothing(failed: Portal, world: World, sign_in: SignIn) -> None:
    response = sign_in("system.admin").post(change(failed), world.values(subdomain="www"))
    assert response.status_code == 422
    assert Job.objects.filter(kind="provision-portal").count() == 1


def test_who_is_no_system_administrator_is_refused(failed: Portal, world: World, sign_in: SignIn) -> None:
    response = sign_in("service.admin").post(change(failed), world.values())
    assert response.status_code == 422  # a Service Administrator is offered no instance
    assert Job.objects.filter(kind="provision-portal").count() == 1


def test_a_portal_that_did_not_fail_is_not_changed(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    world.submit(portal)
    assert sign_in("system.admin").get(change(portal)).status_code == 409


def test_the_error_screen_says_before_the_click_what_becomes_of_each_step(
    failed: Portal, sign_in: SignIn
) -> None:
    shown = sign_in("service.admin").get(f"/portals/{failed.id}/").content.decode()
    plan = shown[shown.index("What Restart Provisioning will do") :]
    fates = [plan.count(f"<strong>{fate}</strong>") for fate in ("kept", "verified again", "done anew")]
    assert fates == [5, 1, 1]

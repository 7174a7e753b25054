"""Provisioning over the real organization, directory and web server, stepped by hand."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.directory import directory
from accounts.models import DirectoryApplicationSecret
from accounts.vault import unseal
from jobs import ledger, runner, services
from jobs.models import Job
from jobs.states import JobState
from organizations.models import Language, SolutionInstall, SystemUser
from organizations.packages import catalog
from organizations.ports import Query
from provisioning.models import Address, Portal, TermsAcceptance
from provisioning.phases import Packages, Phase
from provisioning.services.provision import NotPermitted
from provisioning.workflows.provision import website_id
from tests.provisioning.conftest import SignIn, World, run_all

pytestmark = pytest.mark.django_db(transaction=True)


def visit(web: LiveServer, portal: Portal, path: str = "/") -> httpx.Response:
    """What a visitor's browser gets."""
    return httpx.get(web.url + path, headers={"Host": portal.host}, trust_env=False)


def test_a_submitted_portal_becomes_a_web_site(world: World, web: LiveServer) -> None:
    portal = world.portal()
    job = world.submit(portal)
    portal.refresh_from_db()
    assert (portal.phase, portal.display_name) == (Phase.CONFIGURING, "Contoso Support-Configuring")

    runner.run(job.id)
    portal.refresh_from_db()
    assert (portal.phase, portal.packages) == (Phase.CONFIGURED, Packages.INSTALLING)
    answer = visit(web, portal)
    assert "Getting set up" in answer.text
    assert answer.headers["X-Portal-State"] == "getting-set-up"

    run_all()
    portal.refresh_from_db()
    assert (portal.phase, portal.packages) == (Phase.CONFIGURED, Packages.INSTALLED)
    answer = visit(web, portal)
    assert (answer.status_code, answer.headers["X-Portal-State"]) == (200, "live")
    assert '<html lang="en' in answer.text


def test_what_was_made_is_in_the_ledger(world: World, web: LiveServer) -> None:
    portal = world.portal()
    world.submit(portal)
    run_all()
    made = {(row.kind, row.scope, row.state) for row in ledger.held(exclusive_key=portal.exclusive_key)}
    assert made == {
        ("address", "hosted", "made"),
        ("route", "hosted", "made"),
        ("directory-application", "hosted", "made"),
        ("client-secret", "hosted", "made"),
        ("adx_website", "organization", "made"),
        ("adx_websitebinding", "organization", "made"),
    }


def test_the_application_has_one_secret_that_only_the_portal_can_read(world: World, web: LiveServer) -> None:
    portal = world.portal()
    world.submit(portal)
    run_all()
    portal.refresh_from_db()
    text = unseal(portal.client_secret, place=f"portal:{portal.id}:client-secret")
    assert portal.client_id is not None
    assert directory().check_secret(portal.client_id, text)
    assert DirectoryApplicationSecret.objects.count() == 1
    assert portal.application_id is not None
    owners = directory().get(portal.application_id).owners
    assert owners == {world.user("system.admin").directory_object_id}


def test_who_accepted_which_terms_is_kept(world: World) -> None:
    job = world.submit()
    accepted = TermsAcceptance.objects.get()
    assert (accepted.user_email, accepted.job) == ("system.admin@contoso.example", job)
    assert accepted.terms_version


@pytest.mark.parametrize(
    ("language", "said", "tag"),
    [(1031, 1031, "de"), (3082, 3082, "es"), (1055, 1033, "en")],  # no package speaks Turkish
)
def test_the_portal_speaks_its_language_and_falls_back_to_english(
    world: World, web: LiveServer, language: int, said: int, tag: str
) -> None:
    Language.objects.update_or_create(instance=world.production, lcid=language, defaults={"enabled": True})
    portal = world.portal()
    world.submit(portal, language=language)
    run_all()
    portal.refresh_from_db()
    assert portal.packages == Packages.INSTALLED
    job = portal.packages_job
    assert job is not None
    assert job.steps.get(name="load-content").output["language"] == said
    assert f'lang="{tag}' in visit(web, portal).text


def test_a_second_portal_does_not_install_the_solutions_again(world: World, web: LiveServer) -> None:
    world.submit()
    run_all()
    second = world.portal()
    world.submit(second, subdomain="second-one", name="Second")
    run_all()
    second.refresh_from_db()
    assert second.packages_job is not None
    imports = second.packages_job.steps.filter(name="import-solution")
    assert [step.output["imported"] for step in imports] == [False] * len(imports)
    assert visit(web, second).status_code == 200


def test_the_custom_portal_is_a_web_site_too(world: World, web: LiveServer) -> None:
    portal = world.portal("trial")
    world.submit(portal, template="custom")
    run_all()
    portal.refresh_from_db()
    assert portal.packages == Packages.INSTALLED
    assert visit(web, portal).status_code == 200
    assert visit(web, portal, "/no-such-page/").status_code == 404


def test_an_address_that_was_taken_meanwhile_fails_in_words(world: World) -> None:
    first, second = world.portal(), world.portal("trial")
    world.submit(first)
    job = world.submit(second)
    for due in Job.objects.filter(state="queued").order_by("created_at"):
        runner.run(due.id)
    job.refresh_from_db()
    second.refresh_from_db()
    assert (job.error_code, job.state) == ("url_taken", JobState.FAILED)
    assert second.display_name == "Contoso Support-Provisioning Failed"
    assert Address.objects.get().portal_id == first.id


def test_a_language_that_was_switched_off_fails_before_anything_is_made(world: World) -> None:
    portal = world.portal()
    job = world.submit(portal, language=1040)
    runner.run(job.id)
    job.refresh_from_db()
    assert job.error_code == "language_disabled"
    assert ledger.held(exclusive_key=portal.exclusive_key) == []


def test_a_submitter_who_lost_the_role_blocks_it(world: World) -> None:
    job = world.submit()
    user = world.user("system.admin")
    SystemUser.objects.filter(instance=world.production, object_id=user.directory_object_id).update(
        disabled=True
    )
    runner.run(job.id)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.BLOCKED, "submitter_not_administrator")


def test_a_web_server_that_does_not_answer_is_waited_for(world: World, settings: object) -> None:
    settings.WEB_ADDRESS = "127.0.0.1:1"  # type: ignore[attr-defined] # nobody listens on port 1
    portal = world.portal()
    job = world.submit(portal)
    runner.run(job.id)
    job.refresh_from_db()
    portal.refresh_from_db()
    assert (job.state, job.step_errors) == (JobState.WAITING, 1)
    assert portal.phase == Phase.CONFIGURING


def test_restart_goes_on_at_the_failed_step_when_the_cause_is_gone(world: World, web: LiveServer) -> None:
    portal = world.portal()
    job = world.submit(portal)
    world.production.state = "disabled"
    world.production.save()
    Job.objects.filter(pk=job.id).update(step_errors=7)
    runner.run(job.id)
    portal.refresh_from_db()
    assert portal.phase == Phase.PROVISIONING_FAILED
    world.production.state = "ready"
    world.production.save()

    new = services.restart(job_id=job.id, requested_by=world.user("service.admin"))
    portal.refresh_from_db()
    assert (portal.phase, portal.provision_job) == (Phase.CONFIGURING, new)
    run_all()
    portal.refresh_from_db()
    assert (portal.phase, portal.packages) == (Phase.CONFIGURED, Packages.INSTALLED)


def test_a_failed_package_leaves_the_portal_configured(
    world: World, web: LiveServer, sign_in: SignIn
) -> None:
    portal = world.portal()
    runner.run(world.submit(portal).id)
    world.production.state = "disabled"
    world.production.save()
    packages = Job.objects.get(kind="install-packages")
    Job.objects.filter(pk=packages.pk).update(step_errors=7)
    runner.run(packages.id)
    portal.refresh_from_db()
    packages.refresh_from_db()
    assert (portal.phase, portal.packages) == (Phase.CONFIGURED, Packages.INSTALL_FAILED)
    assert set(SolutionInstall.objects.values_list("state", "error_id")) == {("failed", packages.error_id)}
    assert "Getting set up" in visit(web, portal).text
    page = sign_in("service.admin").get(f"/portals/{portal.id}/details/").content.decode()
    assert packages.error_id in page

    world.production.state = "ready"
    world.production.save()
    solutions = f"/instances/{world.production.id}/solutions/"
    sign_in("service.admin").post(solutions, {"retry": "PortalBase"})
    run_all()
    portal.refresh_from_db()
    assert portal.packages == Packages.INSTALLED
    assert visit(web, portal).headers["X-Portal-State"] == "live"


@pytest.mark.parametrize("step", range(7))
def test_a_worker_that_dies_before_any_checkpoint_leaves_nothing_double(
    world: World, web: LiveServer, step: int
) -> None:
    """The step's effect is there, its checkpoint is not: it is done again, and finds what it made."""
    portal = world.portal()
    job = world.submit(portal)
    runner.run(job.id)
    row = job.steps.get(index=step)
    Job.objects.filter(pk=job.pk).update(state="waiting", cursor=step, finished_at=None)
    job.steps.filter(index__gte=step).update(state="pending", finished_at=None)
    runner.run(job.id)
    run_all()
    job.refresh_from_db()
    portal.refresh_from_db()
    assert (job.state, portal.packages) == (JobState.SUCCEEDED, Packages.INSTALLED)
    assert Job.objects.filter(kind="install-packages").count() == 1
    assert DirectoryApplicationSecret.objects.count() == 1
    assert Address.objects.count() == 1
    sites = [record.id for record in world.organization.query(Query("adx_website"))]
    assert sites == [website_id(portal.id)]
    assert row.op_key == job.steps.get(index=step).op_key


def test_content_that_a_person_changed_is_not_overwritten_by_a_retry(world: World, web: LiveServer) -> None:
    portal = world.portal()
    world.submit(portal)
    run_all()
    page = world.organization.query(Query("adx_webpage", top=1))[0]
    world.organization.update("adx_webpage", page.id, {"adx_title": "Ours now"})
    job = portal.packages_job or Job.objects.get(kind="install-packages")
    Job.objects.filter(pk=job.pk).update(state="waiting", cursor=0, finished_at=None)
    job.steps.update(state="pending", finished_at=None)
    runner.run(job.id)
    assert world.organization.get("adx_webpage", page.id).attributes["adx_title"] == "Ours now"


def test_submitting_needs_a_system_administrator(world: World) -> None:
    for local in ("customizer", "service.admin", "nobody"):
        with pytest.raises(NotPermitted, match="System Administrator"):
            world.submit(local=local)
    assert not Job.objects.exists()


def test_a_cancelled_provisioning_counts_as_failed(world: World) -> None:
    portal = world.portal()
    job = world.submit(portal)
    services.cancel(job_id=job.id, requested_by=world.user("service.admin"))
    portal.refresh_from_db()
    assert portal.phase == Phase.PROVISIONING_FAILED


def test_nothing_answers_at_the_address_of_a_portal_that_is_not_there(
    web: LiveServer, client: Client
) -> None:
    answer = httpx.get(web.url + "/", headers={"Host": "nowhere.portals.localhost"}, trust_env=False)
    assert answer.status_code == 404
    assert "X-Portal-Id" not in answer.headers


def test_a_retry_after_a_failed_import_is_an_import_of_its_own(world: World, web: LiveServer) -> None:
    portal = world.portal()
    runner.run(world.submit(portal).id)
    packages = Job.objects.get(kind="install-packages")
    # Portal Base counts as installed by this job, but somebody removed it from the organization since.
    packages.steps.filter(argument="PortalBase").update(state="done", finished_at=packages.created_at)
    Job.objects.filter(pk=packages.pk).update(cursor=1)
    runner.run(packages.id)
    packages.refresh_from_db()
    assert (packages.state, packages.error_code) == (JobState.FAILED, "missing_dependency")
    assert "Portal Base" in packages.error_message

    world.organization.import_solution(catalog.load("PortalBase"), operation_id=uuid4())
    services.restart(job_id=packages.id, requested_by=world.user("system.admin"))
    run_all()
    portal.refresh_from_db()
    assert portal.packages == Packages.INSTALLED


def test_an_add_on_without_its_prerequisite_fails_by_name_and_is_retried_when_it_is_there(
    world: World, web: LiveServer
) -> None:
    portal = world.portal()
    world.submit(portal, audience="partner", template="partner", add_ons=("partner-field-service",))
    run_all()
    portal.refresh_from_db()
    job = portal.packages_job
    assert job is not None
    assert (portal.phase, portal.packages) == (Phase.CONFIGURED, Packages.INSTALL_FAILED)
    assert "needs Field Service 8.0.0.0 or later, which is not installed." in job.error_message
    assert "Getting set up" in visit(web, portal).text

    world.organization.import_solution(catalog.load("FieldService"), operation_id=uuid4())
    services.restart(job_id=job.id, requested_by=world.user("system.admin"))
    run_all()
    portal.refresh_from_db()
    assert portal.packages == Packages.INSTALLED
    assert visit(web, portal).headers["X-Portal-State"] == "live"

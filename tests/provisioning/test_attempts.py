"""New attempts at a portal's jobs: which may be begun, who is asked again, and what late workers can no longer do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.adapters.embedded_directory import EmbeddedDirectory
from accounts.directory import directory
from accounts.models import DirectoryApplication, DirectoryApplicationSecret
from accounts.ports import Application, Secret
from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from accounts.vault import unseal
from jobs import ledger, reconciler, restarting, runner, services
from jobs.models import Job
from jobs.owner import Owner
from jobs.services import NotRestartable
from jobs.states import JobState
from organizations import administration, installations
from organizations.models import Language, RoleMembership, SystemUser
from provisioning.models import Portal, TermsAcceptance
from provisioning.phases import (
    NOT_ALLOWED,
    NOT_ITS_PRESENT_JOB,
    RESTART_FIRST,
    WAS_RESET_SINCE,
    Packages,
    Phase,
)
from provisioning.services import provision, reset
from tests.provisioning.conftest import SignIn, World, run_all

pytestmark = pytest.mark.django_db(transaction=True)


def refresh(portal: Portal) -> Portal:
    portal.refresh_from_db()
    return portal


@pytest.fixture
def failed(world: World, web: LiveServer) -> tuple[Portal, Job]:
    """A portal and its provisioning job that failed: Italian is not enabled in the organization."""
    portal = world.portal()
    job = world.submit(portal, language=1040)
    runner.run(job.id)
    return refresh(portal), Job.objects.get(pk=job.pk)


def do_reset(portal: Portal, world: World, local: str = "global.admin") -> Job:
    job = reset.submit(portal_id=portal.id, user=world.user(local))
    runner.run(job.id)
    return Job.objects.get(pk=job.pk)


def why_not(job: Job) -> str:
    return restarting.why_not([job]).get(job.id, "")


def test_a_failed_provisioning_is_of_the_past_once_the_portal_was_reset(
    failed: tuple[Portal, Job], world: World, sign_in: SignIn
) -> None:
    portal, job = failed
    assert why_not(job) == ""
    assert do_reset(portal, world).state == JobState.SUCCEEDED
    assert why_not(job) == WAS_RESET_SINCE
    browser = sign_in("global.admin")
    shown = browser.post(f"/jobs/{job.id}/restart/", follow=True).content.decode()
    assert WAS_RESET_SINCE in shown
    with pytest.raises(NotRestartable):  # whoever else asks is refused where the job would begin
        services.restart(job_id=job.id, requested_by=None)
    assert refresh(portal).phase == Phase.RESET
    assert not job.restarts.exists()


def test_a_failed_provisioning_is_of_the_past_once_the_portal_was_configured_anew(
    failed: tuple[Portal, Job], world: World
) -> None:
    portal, job = failed
    do_reset(portal, world)
    world.submit(portal)
    run_all()
    assert refresh(portal).phase == Phase.CONFIGURED
    assert why_not(job) == NOT_ITS_PRESENT_JOB
    with pytest.raises(NotRestartable):
        services.restart(job_id=job.id, requested_by=None)
    assert (refresh(portal).phase, portal.packages) == (Phase.CONFIGURED, Packages.INSTALLED)


def test_packages_of_a_configuration_that_was_reset_are_not_installed_any_more(
    world: World, web: LiveServer
) -> None:
    portal = world.portal()
    runner.run(world.submit(portal).id)
    packages = Job.objects.get(kind="install-packages")
    services.cancel(job_id=packages.id, requested_by=None)
    do_reset(refresh(portal), world)
    assert why_not(Job.objects.get(pk=packages.pk)) == WAS_RESET_SINCE
    with pytest.raises(NotRestartable):
        installations.retry(
            instance_id=world.production.id,
            unique_name="PortalBase",
            requested_by=world.user("system.admin"),
        )
    assert (refresh(portal).phase, portal.packages) == (Phase.RESET, Packages.NONE)


def test_packages_of_values_that_were_changed_do_not_stand_in_the_way_of_the_new_ones(
    world: World, web: LiveServer
) -> None:
    portal, admin = world.portal(), world.user("system.admin")
    runner.run(world.submit(portal, template="custom").id)
    packages = Job.objects.get(kind="install-packages")
    services.cancel(job_id=packages.id, requested_by=None)
    Portal.objects.filter(pk=portal.pk).update(phase=Phase.PROVISIONING_FAILED)
    Job.objects.filter(kind="provision-portal").update(state=JobState.FAILED)
    changed = provision.change(
        portal_id=portal.id, configuration=world.configuration(template="custom", language=1031), user=admin
    )
    services.cancel(job_id=changed.id, requested_by=None)
    # It did not come to ask for its packages; those that the portal has are of the values of before.
    assert why_not(Job.objects.get(pk=packages.pk)) == RESTART_FIRST
    with pytest.raises(NotRestartable):
        restarting.restart(job=Job.objects.get(pk=packages.pk), user=admin)
    again = restarting.restart(job=changed, user=admin)
    runner.run(again.id)
    again.refresh_from_db()
    assert (again.state, again.error_code) == (JobState.SUCCEEDED, "")
    present = refresh(portal).packages_job
    assert present is not None
    assert present.inputs["language"] == 1031


def test_a_job_whose_portal_was_removed_is_shown_and_not_begun_anew(
    failed: tuple[Portal, Job], sign_in: SignIn
) -> None:
    portal, job = failed
    browser = sign_in("global.admin")
    TermsAcceptance.objects.filter(portal=portal).delete()
    portal.delete()
    for path in (f"/jobs/{job.id}/", "/jobs/", "/jobs/failed/"):
        assert browser.get(path).status_code == 200
    response = browser.post(f"/jobs/{job.id}/restart/", follow=True)
    assert NOT_ITS_PRESENT_JOB in response.content.decode()
    cause = {"kind": job.kind, "code": job.error_code, "job": [str(job.id)]}
    assert browser.post("/jobs/failed/", cause).status_code == 200
    assert not job.restarts.exists()


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.WAITING])
def test_a_job_whose_portal_was_removed_is_cancelled_or_ends_by_itself(
    world: World, sign_in: SignIn, state: JobState
) -> None:
    portal = world.portal()
    job, other = world.submit(portal), world.submit(world.portal("trial"), subdomain="another")
    gone = Portal.objects.filter(pk__in=[portal.pk, other.inputs["portal_id"]])
    TermsAcceptance.objects.filter(portal__in=gone).delete()
    gone.delete()
    Job.objects.update(state=state)
    assert sign_in("global.admin").post(f"/jobs/{job.id}/cancel/").status_code == 302
    runner.run(other.id)
    states = dict(Job.objects.values_list("id", "state"))
    assert (states[job.id], states[other.id]) == (JobState.CANCELLED, JobState.FAILED)


def test_a_reset_that_failed_goes_on_from_its_jobs_page_with_rights_asked_for_anew(
    world: World, web: LiveServer, sign_in: SignIn
) -> None:
    portal = world.portal()
    world.submit(portal)
    run_all()
    job = reset.submit(portal_id=portal.id, user=world.user("system.admin"))
    services.cancel(job_id=job.id, requested_by=None)
    restart = f"/jobs/{job.id}/restart/"
    shown = sign_in("second.admin").post(restart, follow=True).content.decode()
    assert "You do not have permission to delete the application" in shown
    assert not job.restarts.exists()
    assert sign_in("system.admin").post(restart).status_code == 302
    runner.run(job.restarts.get().id)
    assert refresh(portal).phase == Phase.RESET


# Roles are read from the organization each time; nothing is remembered from one request to the next.


def take_role(world: World, local: str) -> None:
    user = SystemUser.objects.get(instance=world.production, object_id=world.user(local).directory_object_id)
    role = ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR]
    RoleMembership.objects.filter(user=user, role__template_id=role).delete()


def test_a_role_that_was_taken_away_is_noticed_by_the_next_request(
    world: World, web: LiveServer, sign_in: SignIn
) -> None:
    portal = world.portal()
    job = world.submit(portal)
    run_all()
    browser = sign_in("system.admin")
    places = (f"/portals/{portal.id}/details/", f"/jobs/{job.id}/", f"/portals/{portal.id}/reset/")
    assert [browser.get(place).status_code for place in places] == [200, 200, 200]
    take_role(world, "system.admin")
    for place in places:
        response = browser.get(place)
        assert response.status_code == 403
    assert browser.post(f"/portals/{portal.id}/reset/").status_code == 403
    assert not Job.objects.filter(kind="reset-portal").exists()


def test_a_role_that_was_taken_away_while_the_reset_waited_stops_it_before_anything_is_touched(
    world: World, web: LiveServer, sign_in: SignIn
) -> None:
    portal = world.portal()
    world.submit(portal)
    run_all()
    before = held(portal)
    job = reset.submit(portal_id=portal.id, user=world.user("system.admin"))
    take_role(world, "system.admin")
    runner.run(job.id)
    job.refresh_from_db()
    assert (job.state, job.error_code, job.cursor) == (JobState.BLOCKED, "not_administrator", 0)
    assert job.error_message == NOT_ALLOWED
    assert refresh(portal).phase == Phase.RESET_FAILED
    assert held(portal) == before
    assert do_reset(portal, world).state == JobState.SUCCEEDED


def test_an_organization_that_shuts_us_out_while_the_reset_waits_stops_it_until_it_lets_us_in(
    world: World, web: LiveServer, sign_in: SignIn
) -> None:
    portal = world.portal()
    world.submit(portal)
    run_all()
    job = reset.submit(portal_id=portal.id, user=world.user("system.admin"))
    administration.disable_application_user(instance_id=world.production.id)
    runner.run(job.id)
    assert Job.objects.get(pk=job.pk).error_code == "organization_denied"
    administration.admit_application_user(instance_id=world.production.id)
    assert do_reset(refresh(portal), world, "system.admin").state == JobState.SUCCEEDED


def held(portal: Portal) -> set[tuple[str, str, str]]:
    return {(row.kind, row.name, row.state) for row in ledger.held(exclusive_key=portal.exclusive_key)}


@pytest.mark.parametrize("moment", ["before it adds a secret", "after it added one"])
def test_a_worker_that_overslept_leaves_the_portal_the_secret_that_the_other_one_stored(
    world: World, web: LiveServer, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    portal = world.portal()
    job = world.submit(portal)
    real = EmbeddedDirectory.add_secret

    def oversleeping(self: EmbeddedDirectory, application_id: UUID, *, days: int) -> Secret:
        monkeypatch.setattr(EmbeddedDirectory, "add_secret", real)
        if moment == "before it adds a secret":
            others_go_on()
        secret = real(self, application_id, days=days)
        if moment == "after it added one":
            others_go_on()
        return secret

    def others_go_on() -> None:
        Job.objects.filter(pk=job.pk).update(lease_expires_at=job.created_at)
        reconciler._take_over()
        runner.run(job.id)

    monkeypatch.setattr(EmbeddedDirectory, "add_secret", oversleeping)
    outcome = runner.run(job.id, owner=Owner("other-boot/1", 4242, 1))
    assert outcome is runner.Outcome.LOST
    assert refresh(portal).phase == Phase.CONFIGURED
    assert portal.client_id is not None
    text = unseal(portal.client_secret, place=f"portal:{portal.id}:client-secret")
    assert directory().check_secret(portal.client_id, text)
    assert [secret.id for secret in DirectoryApplicationSecret.objects.all()] == [portal.client_secret_id]


@pytest.mark.parametrize("anew", [False, True])
def test_a_worker_that_overslept_a_reset_leaves_no_application_of_its_own(
    world: World, web: LiveServer, monkeypatch: pytest.MonkeyPatch, anew: bool
) -> None:
    portal = world.portal()
    job = world.submit(portal, template="custom")
    real = EmbeddedDirectory.register

    def oversleeping(self: EmbeddedDirectory, **asked: Any) -> Application:
        monkeypatch.setattr(EmbeddedDirectory, "register", real)
        Job.objects.filter(pk=job.pk).update(lease_expires_at=job.created_at)
        reconciler._take_over()
        runner.run(job.id)
        run_all()
        do_reset(refresh(portal), world)
        if anew:
            world.submit(refresh(portal), template="custom")
            run_all()
        return real(self, **asked)

    monkeypatch.setattr(EmbeddedDirectory, "register", oversleeping)
    assert runner.run(job.id, owner=Owner("other-boot/1", 4242, 1)) is runner.Outcome.LOST
    there = list(DirectoryApplication.objects.values_list("id", flat=True))
    assert there == ([refresh(portal).application_id] if anew else [])
    assert refresh(portal).phase == (Phase.CONFIGURED if anew else Phase.RESET)


# What a job's page says of a portal's jobs.


def page(browser: Client, job: Job) -> str:
    return browser.get(f"/jobs/{job.id}/").content.decode()


def test_the_ledger_of_a_portal_is_shown_with_what_a_reset_removed(
    world: World, web: LiveServer, sign_in: SignIn
) -> None:
    portal = world.portal()
    job = world.submit(portal)
    run_all()
    browser = sign_in("system.admin")
    shown = page(browser, job)
    for words in ("Portal URL", "Application in the directory", "Stored key", "Website record"):
        assert words in shown
    assert shown.count('data-resource-state="made"') == 6
    assert "a reset leaves it" in shown
    shown = page(browser, do_reset(refresh(portal), world, "system.admin"))
    assert shown.count('data-resource-state="released"') == 4
    assert shown.count('data-resource-state="made"') == 2
    assert "system administrators of the portal&#x27;s organization" in shown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"subdomain": "another-one"}, ("Portal URL", "contososupport.portals.localhost", "another-one.")),
        ({"language": "1033"}, ("Portal language", "Italian", "English")),
        ({"language": "1033", "name": "<i>New</i>"}, ("Name", "Contoso Support", "&lt;i&gt;New")),
        (
            {"language": "1033", "audience": "partner", "template": "partner"},
            ("Application type", "Customer Self-Service Portal", "Partner Portal"),
        ),
    ],
)
def test_an_attempt_with_other_values_says_which_were_changed_and_by_whom(
    failed: tuple[Portal, Job],
    world: World,
    sign_in: SignIn,
    changes: dict[str, Any],
    words: tuple[str, ...],
) -> None:
    portal, old = failed
    browser = sign_in("second.admin")
    Language.objects.update_or_create(instance=world.production, lcid=1040, defaults={"enabled": True})
    values = world.values(**{"language": "1040", **changes})
    assert browser.post(f"/portals/{portal.id}/provision/change/", values).status_code == 302
    shown = page(browser, refresh(portal).provision_job or old)
    part = shown.split("data-changes>")[1].split("</dl>")[0]
    for word in words:
        assert word in part
    assert "<bdi>Samir Addo</bdi> changed these values before this attempt." in shown
    assert part.count("<dt>") == len(changes)
    assert "data-changes" not in page(browser, old)

"""Why a provisioning fails, each cause brought about for real between the form and the job: what the error screen says
of it, and that one click takes it up again when the cause is gone. All over HTTP, stepped by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from jobs import runner
from jobs.models import Job, Resource
from jobs.retry import TRIES
from jobs.states import JobState
from organizations import administration
from organizations.models import Language, RoleMembership, SecurityRole, SystemUser
from provisioning import terms
from provisioning.models import Portal
from provisioning.phases import PROVISIONING_ERROR, Packages, Phase
from provisioning.services import reset
from tests.provisioning.conftest import SignIn, World, run_all

pytestmark = pytest.mark.django_db(transaction=True)

GERMAN = 1031


def _unreachable(world: World, on: bool) -> None:
    administration.set_administration_mode(instance_id=world.production.id, on=on)


def _shut_out(world: World, on: bool) -> None:
    if on:
        administration.disable_application_user(instance_id=world.production.id)
    else:
        administration.admit_application_user(instance_id=world.production.id)


def _no_administrator_any_more(world: World, on: bool) -> None:
    submitter = world.user("system.admin").directory_object_id
    user = SystemUser.objects.get(instance=world.production, object_id=submitter)
    role = SecurityRole.objects.get(
        instance=world.production, template_id=ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR]
    )
    if on:
        RoleMembership.objects.filter(user=user, role=role).delete()
    else:
        RoleMembership.objects.create(user=user, role=role)


def _url_taken(world: World, on: bool) -> None:
    """Another portal of the organization was faster; when it is reset, its URL is the organization's to use."""
    if on:
        other = world.portal("trial")
        runner.run(world.submit(other, local="global.admin", name="Faster").id)
        return
    run_all()
    other = Portal.objects.get(name="Faster")
    runner.run(reset.submit(portal_id=other.id, user=world.user("global.admin")).id)


def _account_disabled(world: World, on: bool) -> None:
    """The directory lets nobody own an application whose account is disabled."""
    User.objects.filter(email="system.admin@contoso.example").update(is_active=not on)


def _language_off(world: World, on: bool) -> None:
    Language.objects.filter(instance=world.production, lcid=GERMAN).update(enabled=not on)


@dataclass(frozen=True)
class Cause:
    """`strike(world, True)` brings it about and `strike(world, False)` ends it; the rest is what people then read."""

    strike: Callable[[World, bool], None]
    code: str
    state: JobState
    words: str
    step: str


VALIDATE = "Check the values against the organization"
CAUSES = {
    "organization unreachable": Cause(
        _unreachable,
        "organization_unavailable",
        JobState.FAILED,
        f"is in administration mode, so it cannot be reached. It was tried {TRIES} times.",
        VALIDATE,
    ),
    "organization refuses": Cause(
        _shut_out, "organization_denied", JobState.BLOCKED, "is disabled in Contoso.", VALIDATE
    ),
    "no System Administrator any more": Cause(
        _no_administrator_any_more,
        "submitter_not_administrator",
        JobState.BLOCKED,
        "Sylvia Admon, who submitted this, is no longer System Administrator of the organization.",
        VALIDATE,
    ),
    "URL taken": Cause(
        _url_taken,
        "url_taken",
        JobState.FAILED,
        "was taken by somebody else meanwhile. Choose another one.",
        "Reserve the portal&#x27;s URL",
    ),
    "directory refuses": Cause(
        _account_disabled,
        "directory_denied",
        JobState.BLOCKED,
        "The account of Sylvia Admon is disabled in the directory, so it can own nothing.",
        "Register the portal&#x27;s application in the directory",
    ),
    "language switched off": Cause(
        _language_off,
        "language_disabled",
        JobState.FAILED,
        "The portal&#x27;s language is not enabled in the organization any more.",
        VALIDATE,
    ),
}


@pytest.fixture(params=CAUSES.values(), ids=list(CAUSES))
def cause(request: pytest.FixtureRequest) -> Cause:
    found: Cause = request.param
    return found


@pytest.fixture
def portal(world: World, web: LiveServer, sign_in: SignIn) -> Portal:
    """Submitted over HTTP: values, terms, Accept. No worker has seen its job yet."""
    portal, browser = world.portal(), sign_in("system.admin")
    assert (
        browser.post(f"/portals/{portal.id}/configure/", world.values(language=str(GERMAN))).status_code
        == 302
    )
    browser.get(f"/portals/{portal.id}/terms/")
    assert browser.post(f"/portals/{portal.id}/terms/", {"accept": terms.CURRENT.version}).status_code == 302
    return portal


def work(portal: Portal) -> Job:
    """As workers and time do, until the portal's job has ended, one way or the other."""
    portal.refresh_from_db()
    job = portal.provision_job
    assert job is not None
    for _ in range(TRIES):
        Job.objects.filter(pk=job.pk, state="waiting").update(run_at=job.created_at)
        runner.run(job.id)
        job.refresh_from_db()
        if not job.is_active:
            break
    portal.refresh_from_db()
    return job


def test_each_cause_fails_the_provisioning_and_the_error_screen_tells_all_of_it(
    cause: Cause, world: World, portal: Portal, sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    cause.strike(world, True)
    job = work(portal)
    assert (job.state, job.error_code, portal.phase) == (cause.state, cause.code, Phase.PROVISIONING_FAILED)
    browser = sign_in("service.admin")
    assert "Contoso Support-Provisioning Failed" in browser.get("/applications/").content.decode()
    screen = browser.get(f"/portals/{portal.id}/").content.decode()
    _tells(screen, cause, job)
    assert f"[{job.error_id}]" in caplog.text
    found = browser.get("/jobs/", {"error": job.error_id.lower()}).content.decode()
    assert re.findall(r'<tr data-job="([^"]+)"', found) == [str(job.id)]


def _tells(screen: str, cause: Cause, job: Job) -> None:
    assert PROVISIONING_ERROR in screen
    for tile in ("Restart Provisioning", "Change Values and Restart Provisioning", "Reset Portal"):
        assert f"<strong>{tile}</strong>" in screen
    assert "Portal Details" in screen
    assert "Portal Actions" not in screen
    assert re.search(r"[0-9A-F]{8}", job.error_id)
    assert f"<code>{job.error_id}</code>" in screen
    assert f'data-error-code="{cause.code}"' in screen
    assert cause.words in screen
    failed = screen.split('class="step-failed"')[1].split("</li>")[0]
    assert cause.step in failed


def test_one_click_takes_it_up_again_when_the_cause_is_gone(
    cause: Cause, world: World, portal: Portal, web: LiveServer, sign_in: SignIn
) -> None:
    cause.strike(world, True)
    job = work(portal)
    done = job.cursor
    cause.strike(world, False)
    browser = sign_in("service.admin")
    browser.post(f"/portals/{portal.id}/provision/restart/")
    new = work(portal)
    assert (new.restart_of_id, new.state) == (job.id, JobState.SUCCEEDED)
    # What was done stays done, save what is verified again.
    assert new.steps.filter(kept=True).count() == max(0, done - 1)
    run_all()
    portal.refresh_from_db()
    assert (portal.phase, portal.packages) == (Phase.CONFIGURED, Packages.INSTALLED)
    answer = httpx.get(web.url + "/", headers={"Host": portal.host}, trust_env=False)
    assert (answer.status_code, answer.headers["X-Portal-State"]) == (200, "live")


def test_while_the_cause_lasts_a_restart_fails_of_the_same_and_nothing_is_doubled(
    cause: Cause, world: World, portal: Portal, sign_in: SignIn
) -> None:
    cause.strike(world, True)
    job = work(portal)
    before = _made()
    sign_in("service.admin").post(f"/portals/{portal.id}/provision/restart/")
    new = work(portal)
    assert (new.restart_of_id, new.error_code) == (job.id, cause.code)
    assert new.error_id != job.error_id
    assert _made() == before


def _made() -> list[tuple[str, str, str]]:
    return sorted(Resource.objects.values_list("kind", "name", "state"))


def test_all_portals_that_failed_of_one_cause_are_restarted_together(
    world: World, web: LiveServer, sign_in: SignIn
) -> None:
    """What support staff do on Monday: the organization was shut, now it is open again."""
    portals = [world.portal(), world.portal("trial")]
    for number, each in enumerate(portals):
        world.submit(each, subdomain=f"monday-{number}")
    _shut_out(world, True)
    for each in portals:
        work(each)
    _shut_out(world, False)
    browser = sign_in("service.admin")
    assert "Provision portal" in browser.get("/jobs/failed/").content.decode()
    query = {"kind": "provision-portal", "code": "organization_denied"}
    preview = browser.get("/jobs/failed/", query).content.decode()
    chosen = re.findall(r'name="job" value="([^"]+)"', preview)
    assert len(chosen) == 2
    assert "system administrators of the portal&#x27;s organization" in preview
    told = browser.post("/jobs/failed/", {**query, "job": chosen}).content.decode()
    assert told.count('data-restarted="yes"') == 2
    assert {work(each).state for each in portals} == {JobState.SUCCEEDED}


def test_whoever_manages_none_of_them_restarts_none(world: World, web: LiveServer, sign_in: SignIn) -> None:
    portal = world.portal()
    world.submit(portal)
    _shut_out(world, True)
    job = work(portal)
    sent = {"kind": job.kind, "code": job.error_code, "job": [str(job.id)]}
    for local in ("customizer", "csr", "employee", "nobody"):
        browser: Client = sign_in(local)
        assert "data-restarted" not in browser.post("/jobs/failed/", sent).content.decode()
    assert not job.restarts.exists()

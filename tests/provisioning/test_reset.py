"""Reset: every hosted resource goes and nothing else, asked for and watched over HTTP, stepped by hand."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.directory import directory
from accounts.models import DirectoryApplication
from jobs import ledger, runner, services
from jobs.context import StepContext
from jobs.models import Job, Resource
from jobs.states import JobState
from organizations.models import Label, Record, Solution, SolutionInstall
from provisioning import teardown
from provisioning.models import Address, Portal
from provisioning.phases import NOT_ALLOWED, RESET_ERROR, RESET_IN_PROGRESS, RESET_QUESTION, Packages, Phase
from provisioning.services import reset as service
from provisioning.teardown import Teardown
from provisioning.workflows.provision import website_id
from tests.provisioning.conftest import SignIn, World, run_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def portal(world: World, web: LiveServer) -> Portal:
    """A portal that is configured, owned by system.admin."""
    made = world.portal()
    world.submit(made)
    run_all()
    made.refresh_from_db()
    assert made.packages == Packages.INSTALLED
    return made


def reset(portal: Portal) -> str:
    return f"/portals/{portal.id}/reset/"


def of_the_organization() -> list[Any]:
    """Everything that the organizations hold, row by row."""
    return [sorted(map(repr, model.objects.values())) for model in (Record, Label, Solution, SolutionInstall)]


def answer(web: LiveServer, portal: Portal) -> httpx.Response:
    return httpx.get(web.url + "/", headers={"Host": portal.host}, trust_env=False)


def test_a_reset_removes_what_is_hosted_and_leaves_the_organization_as_it_is(
    portal: Portal, web: LiveServer, sign_in: SignIn
) -> None:
    before, name, status = of_the_organization(), portal.display_name, portal.status
    sign_in("system.admin").get(f"/portals/{portal.id}/")
    response = sign_in("system.admin").post(reset(portal))
    assert (response.status_code, response["Location"]) == (302, f"/portals/{portal.id}/")
    run_all()
    portal.refresh_from_db()
    assert (portal.phase, portal.packages) == (Phase.RESET, Packages.NONE)
    assert of_the_organization() == before
    assert not DirectoryApplication.objects.exists()
    assert (portal.client_secret, portal.application_id) == ("", None)
    assert answer(web, portal).status_code == 404
    assert "There is no portal at this address." in answer(web, portal).text
    assert {row.scope for row in ledger.held(exclusive_key=portal.exclusive_key)} == {"organization"}
    assert portal.display_name == name
    assert portal.status in {status, "Configured"}


def test_the_url_stops_answering_before_anything_is_deleted(
    portal: Portal, world: World, web: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, int] = {}

    def looking(act: Teardown) -> Teardown:
        def undo(context: StepContext, resource: Resource) -> None:
            seen[act.kind] = answer(web, portal).status_code
            act.undo(context, resource)

        return replace(act, undo=undo)

    for act in teardown.ordered():
        monkeypatch.setitem(teardown._teardowns, act.kind, looking(act))
    assert answer(web, portal).status_code == 200
    service.submit(portal_id=portal.id, user=world.user("system.admin"))
    run_all()
    assert seen == dict.fromkeys(("directory-application", "client-secret", "address"), 404)


def test_the_url_stays_with_the_organization(portal: Portal, world: World, sign_in: SignIn) -> None:
    sign_in("system.admin").post(reset(portal))
    run_all()
    kept = Address.objects.get()
    assert (kept.portal, kept.instance, kept.is_routed) == (None, world.production, False)


def test_a_reset_portal_is_configured_again_and_finds_its_website(
    portal: Portal, world: World, web: LiveServer, sign_in: SignIn
) -> None:
    world.organization.update("adx_website", website_id(portal.id), {"adx_theme": "ours"})
    browser = sign_in("system.admin")
    browser.post(reset(portal))
    run_all()
    assert "This portal was reset." in browser.get(f"/portals/{portal.id}/").content.decode()
    form = browser.get(f"/portals/{portal.id}/configure/").content.decode()
    assert 'value="contososupport"' in form
    world.submit(portal)
    run_all()
    portal.refresh_from_db()
    assert (portal.phase, portal.packages) == (Phase.CONFIGURED, Packages.INSTALLED)
    assert answer(web, portal).headers["X-Portal-State"] == "live"
    assert world.organization.get("adx_website", website_id(portal.id)).attributes["adx_theme"] == "ours"


def test_the_dialog_asks_in_the_missions_words_and_names_the_url(portal: Portal, sign_in: SignIn) -> None:
    shown = sign_in("system.admin").get(reset(portal)).content.decode()
    assert RESET_QUESTION in shown
    assert portal.url in shown
    assert not Job.objects.filter(kind="reset-portal").exists()


def test_without_the_right_to_the_application_nothing_is_touched(
    portal: Portal, web: LiveServer, sign_in: SignIn
) -> None:
    response = sign_in("second.admin").post(reset(portal))
    shown = response.content.decode()
    assert response.status_code == 403
    assert 'data-error-code="no_application_permission"' in shown
    assert "Contoso Support" in shown
    assert "global administrator" in shown
    assert not Job.objects.filter(kind="reset-portal").exists()
    assert answer(web, portal).status_code == 200


def test_an_owner_of_the_application_may_reset(portal: Portal, world: World, sign_in: SignIn) -> None:
    assert portal.application_id is not None
    directory().add_owner(portal.application_id, object_id=world.user("second.admin").directory_object_id)
    assert sign_in("second.admin").post(reset(portal)).status_code == 302


def test_a_global_administrator_adds_an_owner_who_may_reset_from_then_on(
    portal: Portal, sign_in: SignIn
) -> None:
    owners = f"/portals/{portal.id}/owners/"
    for local in ("system.admin", "service.admin", "second.admin"):
        assert sign_in(local).post(owners, {"owner": "second.admin@contoso.example"}).status_code == 403
    browser = sign_in("global.admin")
    wrong = browser.post(owners, {"owner": "who@contoso.example"}, follow=True).content.decode()
    assert "There is nobody with that e-mail address" in wrong
    shown = browser.post(owners, {"owner": " Second.Admin@contoso.example "}, follow=True).content.decode()
    assert "Samir Addo is an owner now." in shown
    assert sign_in("second.admin").post(reset(portal)).status_code == 302


def test_a_global_administrator_may_reset(portal: Portal, sign_in: SignIn) -> None:
    assert sign_in("global.admin").post(reset(portal)).status_code == 302


@pytest.mark.parametrize("local", ["customizer", "csr", "nobody"])
def test_who_may_not_manage_may_not_reset(portal: Portal, sign_in: SignIn, local: str) -> None:
    response = sign_in(local).post(reset(portal))
    assert response.status_code == 403
    assert NOT_ALLOWED in response.content.decode()


def test_an_organization_that_cannot_be_asked_leaves_the_dialog_with_an_error_id(
    portal: Portal, world: World, sign_in: SignIn
) -> None:
    world.production.state = "disabled"
    world.production.save()
    response = sign_in("system.admin").post(reset(portal))
    shown = response.content.decode()
    assert response.status_code == 503
    assert "A problem has occurred. Please try again. If this problem continues, contact support." in shown
    assert "Error ID:" in shown
    assert RESET_QUESTION in shown
    assert not Job.objects.filter(kind="reset-portal").exists()


def test_a_database_that_refuses_the_write_leaves_the_dialog_with_an_error_id(
    portal: Portal, sign_in: SignIn
) -> None:
    browser = sign_in("system.admin")
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE jobs_job ADD CONSTRAINT nothing_new CHECK (kind <> 'reset-portal') NOT VALID"
        )
    try:
        response = browser.post(reset(portal))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE jobs_job DROP CONSTRAINT nothing_new")
    assert response.status_code == 503
    assert 'data-error-code="not_submitted"' in response.content.decode()
    portal.refresh_from_db()
    assert portal.phase == Phase.CONFIGURED


@pytest.mark.parametrize(
    ("phase", "packages", "words"),
    [
        (Phase.CONFIGURING, Packages.NONE, "currently being configured"),
        (Phase.CONFIGURED, Packages.INSTALLING, "still in progress"),
        (Phase.PROVISIONING_FAILED, Packages.INSTALLING, "still in progress"),
        (Phase.RESET, Packages.NONE, "was reset"),
    ],
)
def test_in_other_phases_the_server_refuses_with_their_sentence(
    portal: Portal, sign_in: SignIn, phase: Phase, packages: Packages, words: str
) -> None:
    Portal.objects.filter(pk=portal.pk).update(phase=phase, packages=packages)
    for response in (sign_in("global.admin").get(reset(portal)), sign_in("global.admin").post(reset(portal))):
        assert response.status_code == 409
        assert words in response.content.decode()
    assert not Job.objects.filter(kind="reset-portal").exists()


def test_a_failed_provisioning_can_be_reset(world: World, web: LiveServer, sign_in: SignIn) -> None:
    portal = world.portal()
    job = world.submit(portal, language=1040)
    runner.run(job.id)
    assert "Reset Portal" in sign_in("system.admin").get(f"/portals/{portal.id}/").content.decode()
    assert sign_in("system.admin").post(reset(portal)).status_code == 302
    run_all()
    portal.refresh_from_db()
    assert portal.phase == Phase.RESET
    assert not Address.objects.exists()


def test_while_it_runs_the_portals_area_says_so(portal: Portal, sign_in: SignIn) -> None:
    browser = sign_in("system.admin")
    browser.post(reset(portal))
    for path in ("", "details/", "actions/"):
        shown = browser.get(f"/portals/{portal.id}/{path}", follow=True).content.decode()
        assert RESET_IN_PROGRESS in shown
    response = browser.post(f"/portals/{portal.id}/details/", {"name": "x", "portal_state": "on"})
    assert response.status_code == 409


def test_a_reset_that_failed_goes_on_from_its_error_screen(
    portal: Portal, world: World, sign_in: SignIn
) -> None:
    browser = sign_in("system.admin")
    browser.post(reset(portal))
    job = Job.objects.get(kind="reset-portal")
    services.cancel(job_id=job.id, requested_by=None)
    portal.refresh_from_db()
    assert portal.phase == Phase.RESET_FAILED
    shown = browser.get(f"/portals/{portal.id}/").content.decode()
    assert RESET_ERROR in shown
    assert browser.post(reset(portal)).status_code == 302
    run_all()
    portal.refresh_from_db()
    assert portal.phase == Phase.RESET
    assert Job.objects.get(restart_of=job).state == JobState.SUCCEEDED


def test_a_resumed_reset_whose_application_is_gone_needs_no_right_to_it(
    portal: Portal, sign_in: SignIn
) -> None:
    sign_in("system.admin").post(reset(portal))
    services.cancel(job_id=Job.objects.get(kind="reset-portal").id, requested_by=None)
    assert portal.application_id is not None
    directory().delete(portal.application_id)
    assert sign_in("second.admin").post(reset(portal)).status_code == 302
    run_all()
    portal.refresh_from_db()
    assert portal.phase == Phase.RESET


@pytest.mark.parametrize("step", range(6))
def test_a_worker_that_dies_before_any_checkpoint_leaves_nothing_half(
    portal: Portal, sign_in: SignIn, step: int
) -> None:
    sign_in("system.admin").post(reset(portal))
    job = Job.objects.get(kind="reset-portal")
    runner.run(job.id)
    Job.objects.filter(pk=job.pk).update(state="waiting", cursor=step, finished_at=None)
    job.steps.filter(index__gte=step).update(state="pending", finished_at=None)
    runner.run(job.id)
    job.refresh_from_db()
    portal.refresh_from_db()
    assert (job.state, portal.phase) == (JobState.SUCCEEDED, Phase.RESET)


def test_two_people_at_once_begin_one_reset_and_the_other_is_told(portal: Portal, sign_in: SignIn) -> None:
    browsers = [sign_in("system.admin"), sign_in("global.admin")]
    barrier, answers = threading.Barrier(2), []

    def press(browser: Client) -> None:
        barrier.wait()
        try:
            answers.append(browser.post(reset(portal), follow=True).content.decode())
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[browser]) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Job.objects.filter(kind="reset-portal").count() == 1
    assert sum("started this already" in shown for shown in answers) == 1

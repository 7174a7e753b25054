"""Update Dynamics 365 URL: asked for, checked, done and undone over HTTP, stepped by hand, and raced."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from jobs import ledger, restarting, runner, services
from jobs.models import Job, JobEvent
from jobs.retry import TRIES
from jobs.states import JobState
from organizations import administration
from organizations.models import Instance, Record, RoleMembership, SecurityRole, SystemUser
from provisioning.binding import bound_url, has_moved
from provisioning.models import Portal
from provisioning.phases import (
    INSTANCE_UPDATE_ERROR,
    INSTANCE_UPDATING,
    NOT_ALLOWED,
    RESTART_INSTANCE_UPDATE_FIRST,
    Packages,
    Phase,
)
from provisioning.policies import NotNow
from provisioning.services import details, instance_url
from provisioning.workflows.instance_url import KIND
from provisioning.workflows.provision import website_id
from tests.organizations.remote import connected
from tests.provisioning.conftest import SignIn, World, run_all

pytestmark = pytest.mark.django_db(transaction=True)

OLD = "https://contoso.crm.localhost"
NEW = "https://contoso-ltd.crm.localhost"
SANDBOX = "https://contoso-sandbox.crm.localhost"
NOWHERE = "https://fabrikam.crm.localhost"


@pytest.fixture
def portal(world: World, web: LiveServer) -> Portal:
    """A portal that is configured and shows its pages."""
    made = world.portal()
    world.submit(made)
    run_all()
    made.refresh_from_db()
    assert made.packages == Packages.INSTALLED
    return made


@pytest.fixture
def moved(portal: Portal, world: World) -> Portal:
    """The same, whose organization has another address since."""
    move(world, NEW)
    return Portal.objects.get(pk=portal.pk)


def move(world: World, url: str) -> None:
    Instance.objects.filter(pk=world.production.pk).update(url=url)


def page(portal: Portal) -> str:
    return f"/portals/{portal.id}/instance/"


def seen(portal: Portal) -> Portal:
    return Portal.objects.select_related("instance", "instance_job").get(pk=portal.pk)


def answer(web: LiveServer, portal: Portal) -> httpx.Response:
    return httpx.get(web.url + "/", headers={"Host": portal.host}, trust_env=False)


def website(world: World, portal: Portal) -> Record:
    return Record.objects.get(
        instance=world.production, entity="adx_website", record_id=website_id(portal.id)
    )


def begin(world: World, portal: Portal, url: str = NEW, *, local: str = "system.admin") -> Job:
    return instance_url.submit(portal_id=portal.id, url=url, user=world.user(local))


def failed(world: World, portal: Portal, url: str = NOWHERE) -> Job:
    """An update that failed, since nobody answers there."""
    job = begin(world, portal, url)
    runner.run(job.id)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    return job


class TestTheAddressThatAPortalIsBoundTo:
    def test_provisioning_binds_it_and_the_website_record_names_it(
        self, portal: Portal, world: World
    ) -> None:
        assert (portal.organization_url, has_moved(portal)) == (OLD, False)
        assert website(world, portal).attributes["adx_organizationurl"] == OLD

    def test_a_portal_of_before_reaches_its_organization_where_it_is(self, portal: Portal) -> None:
        Portal.objects.filter(pk=portal.pk).update(organization_url="")
        assert (bound_url(seen(portal)), has_moved(seen(portal))) == (OLD, False)

    @pytest.mark.parametrize("spelling", [OLD + "/", OLD.upper().replace("HTTPS", "https"), OLD + ":443"])
    def test_another_spelling_of_the_address_is_no_move(
        self, portal: Portal, world: World, web: LiveServer, spelling: str
    ) -> None:
        move(world, spelling)
        assert not has_moved(seen(portal))
        assert answer(web, portal).status_code == 200

    def test_visitors_of_a_portal_whose_organization_moved_read_that_it_is_not_available(
        self, moved: Portal, web: LiveServer
    ) -> None:
        shown = answer(web, moved)
        assert (shown.status_code, shown.headers["X-Portal-State"]) == (503, "live")
        assert NEW not in shown.text
        assert OLD not in shown.text

    def test_nothing_is_read_from_another_organization_that_took_the_old_address(
        self, moved: Portal, world: World, web: LiveServer
    ) -> None:
        Instance.objects.filter(pk=world.sandbox.pk).update(url=OLD)
        assert answer(web, moved).status_code == 503

    def test_the_details_say_so_and_lead_to_the_update(self, moved: Portal, sign_in: SignIn) -> None:
        shown = sign_in("system.admin").get(f"/portals/{moved.id}/details/").content.decode()
        assert 'data-error-code="organization_moved"' in shown
        assert f'href="{page(moved)}"' in shown


class TestThePage:
    def test_it_tells_the_organization_its_id_and_the_url(
        self, portal: Portal, world: World, sign_in: SignIn
    ) -> None:
        shown = sign_in("system.admin").get(page(portal)).content.decode()
        assert "Manage Dynamics 365 Instance" in shown
        assert str(world.production.organization_id) in shown
        assert OLD in shown
        assert "organization_moved" not in shown

    def test_it_proposes_the_address_that_the_organization_has_by_now(
        self, moved: Portal, sign_in: SignIn
    ) -> None:
        shown = sign_in("system.admin").get(page(moved)).content.decode()
        assert f'value="{NEW}"' in shown
        assert 'data-error-code="organization_moved"' in shown

    def test_the_tile_and_the_entry_lead_there(self, portal: Portal, sign_in: SignIn) -> None:
        shown = sign_in("system.admin").get(f"/portals/{portal.id}/actions/").content.decode()
        assert "Update your Dynamics 365 URL if it has changed after provisioning." in shown
        assert "Manage Dynamics 365 Instance" in shown
        assert shown.count(f'href="{page(portal)}"') == 2

    def test_a_check_tells_that_the_same_organization_answers_and_begins_nothing(
        self, moved: Portal, sign_in: SignIn
    ) -> None:
        shown = sign_in("system.admin").post(page(moved), {"url": NEW + "/", "action": "check"})
        assert shown.status_code == 200
        assert 'data-question="same"' in shown.content.decode()
        assert f'name="url" value="{NEW}"' in shown.content.decode()
        assert not Job.objects.filter(kind=KIND).exists()

    def test_a_check_tells_that_nobody_answers(self, portal: Portal, sign_in: SignIn) -> None:
        shown = sign_in("system.admin").post(page(portal), {"url": NOWHERE, "action": "check"})
        assert 'data-question="unreachable"' in shown.content.decode()
        assert f"No organization answers at {NOWHERE}." in shown.content.decode()

    @pytest.mark.parametrize("action", ["check", "update", ""])
    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("", "address_missing"),
            ("x" * 301, "address_too_long"),
            ("ftp://contoso.crm.localhost", "address_refused"),
            ("https://contoso.crm.localhost/main.aspx?a=b", "address_refused"),
            ("https://user:word@contoso.crm.localhost", "address_refused"),
            ("https://127.0.0.1", "address_refused"),
            ("https://[::1]", "address_refused"),
            ("https://localhost", "address_refused"),
            ("http://contoso.crm.dynamics.com", "address_refused"),
            ("https://contoso.crm.localhost:port", "address_refused"),
            ("https://cont oso.crm.localhost", "address_refused"),
            ("https://contoso%00.crm.localhost", "address_refused"),
            ("https://", "address_refused"),
            (OLD, "same_address"),
            (OLD + ":443/", "same_address"),
            (SANDBOX, "other_organization"),
        ],
    )
    def test_what_cannot_be_is_refused_in_words_before_anything_changes(
        self, portal: Portal, sign_in: SignIn, url: str, code: str, action: str
    ) -> None:
        response = sign_in("system.admin").post(page(portal), {"url": url, "action": action})
        assert response.status_code == 422
        assert f'data-error-code="{code}"' in response.content.decode()
        assert not Job.objects.filter(kind=KIND).exists()
        assert (seen(portal).phase, bound_url(seen(portal))) == (Phase.CONFIGURED, OLD)

    def test_another_organization_is_named_by_its_id(
        self, portal: Portal, world: World, sign_in: SignIn
    ) -> None:
        shown = sign_in("system.admin").post(page(portal), {"url": SANDBOX}).content.decode()
        assert str(world.sandbox.organization_id) in shown

    @pytest.mark.parametrize("local", ["customizer", "csr", "nobody"])
    def test_who_may_not_manage_may_not_update(self, moved: Portal, sign_in: SignIn, local: str) -> None:
        response = sign_in(local).post(page(moved), {"url": NEW})
        assert response.status_code == 403
        assert NOT_ALLOWED in response.content.decode()
        assert not Job.objects.filter(kind=KIND).exists()

    @pytest.mark.parametrize(
        ("phase", "packages", "words"),
        [
            (Phase.CONFIGURING, Packages.NONE, "currently being configured"),
            (Phase.CONFIGURED, Packages.INSTALLING, "still in progress"),
            (Phase.PROVISIONING_FAILED, Packages.NONE, "Restart it first"),
            (Phase.RESETTING, Packages.NONE, "being reset"),
            (Phase.RESET, Packages.NONE, "was reset"),
            (Phase.INSTANCE_UPDATE_FAILED, Packages.INSTALLING, "still in progress"),
        ],
    )
    def test_in_other_phases_the_server_refuses_with_their_sentence(
        self, moved: Portal, sign_in: SignIn, phase: Phase, packages: Packages, words: str
    ) -> None:
        Portal.objects.filter(pk=moved.pk).update(phase=phase, packages=packages)
        response = sign_in("global.admin").post(page(moved), {"url": NEW})
        assert response.status_code == 409
        assert words in response.content.decode()
        assert not Job.objects.filter(kind=KIND).exists()


class TestTheUpdate:
    def test_the_portal_answers_again_and_is_bound_to_the_new_address(
        self, moved: Portal, world: World, web: LiveServer, sign_in: SignIn
    ) -> None:
        response = sign_in("system.admin").post(page(moved), {"url": NEW, "action": "update"})
        assert (response.status_code, response["Location"]) == (302, f"/portals/{moved.id}/")
        assert seen(moved).phase == Phase.INSTANCE_UPDATING
        run_all()
        assert (seen(moved).phase, bound_url(seen(moved)), has_moved(seen(moved))) == (
            Phase.CONFIGURED,
            NEW,
            False,
        )
        assert answer(web, moved).status_code == 200
        assert website(world, moved).attributes["adx_organizationurl"] == NEW
        kinds = [row.kind for row in ledger.held(exclusive_key=moved.exclusive_key)]
        assert len(set(kinds)) == len(kinds)

    def test_what_people_changed_in_the_website_record_stays(self, moved: Portal, world: World) -> None:
        theirs = {"adx_name": "Ours", "adx_primarydomainname": "www.contoso.example"}
        world.organization.update("adx_website", website_id(moved.id), theirs)
        runner.run(begin(world, moved).id)
        attributes = website(world, moved).attributes
        assert {name: attributes[name] for name in theirs} == theirs

    def test_a_website_record_that_was_deleted_is_there_again_as_provisioned(
        self, moved: Portal, world: World
    ) -> None:
        before = dict(website(world, moved).attributes)
        world.organization.delete("adx_website", website_id(moved.id))
        runner.run(begin(world, moved).id)
        assert website(world, moved).attributes == {**before, "adx_organizationurl": NEW}

    def test_a_portal_that_is_switched_off_is_updated_too(
        self, moved: Portal, world: World, web: LiveServer
    ) -> None:
        Portal.objects.filter(pk=moved.pk).update(is_on=False)
        runner.run(begin(world, moved).id)
        assert seen(moved).phase == Phase.CONFIGURED
        assert answer(web, moved).headers["X-Portal-State"] == "off"

    def test_while_it_runs_every_other_update_is_refused(
        self, moved: Portal, world: World, sign_in: SignIn
    ) -> None:
        begin(world, moved)
        browser = sign_in("system.admin")
        for path in ("", "details/", "actions/", "instance/", "translations/"):
            shown = browser.get(f"/portals/{moved.id}/{path}", follow=True).content.decode()
            assert INSTANCE_UPDATING in shown
        for path, values in (("details/", {"name": "x", "portal_state": "on"}), ("reset/", {})):
            response = browser.post(f"/portals/{moved.id}/{path}", values)
            assert response.status_code == 409
            assert INSTANCE_UPDATING in response.content.decode()
        assert Job.objects.filter(state="queued").count() == 1

    def test_an_organization_that_moves_on_meanwhile_fails_it_in_words(
        self, moved: Portal, world: World
    ) -> None:
        job = begin(world, moved)
        move(world, "https://contoso-third.crm.localhost")
        runner.run(job.id)
        job.refresh_from_db()
        assert (job.error_code, seen(moved).phase) == ("no_organization", Phase.INSTANCE_UPDATE_FAILED)
        assert bound_url(seen(moved)) == OLD

    def test_another_organization_that_took_the_address_meanwhile_fails_it_and_nothing_is_bound(
        self, portal: Portal, world: World
    ) -> None:
        job = begin(world, portal, NOWHERE)
        Instance.objects.filter(pk=world.sandbox.pk).update(url=NOWHERE)
        runner.run(job.id)
        job.refresh_from_db()
        assert (job.error_code, job.error_id != "") == ("other_organization", True)
        assert bound_url(seen(portal)) == OLD
        assert website(world, portal).attributes["adx_organizationurl"] == OLD
        assert not Record.objects.filter(instance=world.sandbox, entity="adx_website").exists()

    def test_administration_mode_is_waited_for(self, moved: Portal, world: World) -> None:
        administration.set_administration_mode(instance_id=world.production.id, on=True)
        job = begin(world, moved)
        runner.run(job.id)
        job.refresh_from_db()
        assert (job.state, seen(moved).phase) == (JobState.WAITING, Phase.INSTANCE_UPDATING)
        administration.set_administration_mode(instance_id=world.production.id, on=False)
        Job.objects.filter(pk=job.pk).update(run_at=timezone.now())
        runner.run(job.id)
        assert seen(moved).phase == Phase.CONFIGURED

    def test_an_organization_that_never_answers_fails_it_after_its_tries(
        self, moved: Portal, world: World
    ) -> None:
        administration.set_administration_mode(instance_id=world.production.id, on=True)
        job = begin(world, moved)
        for _ in range(TRIES):
            Job.objects.filter(pk=job.pk).update(run_at=timezone.now())
            runner.run(job.id)
        job.refresh_from_db()
        assert (job.state, job.error_code) == (JobState.FAILED, "organization_unavailable")
        assert "administration mode" in job.error_message
        assert seen(moved).phase == Phase.INSTANCE_UPDATE_FAILED

    def test_a_right_that_is_missing_blocks_it(self, moved: Portal, world: World) -> None:
        administration.disable_application_user(instance_id=world.production.id)
        job = begin(world, moved)
        runner.run(job.id)
        job.refresh_from_db()
        assert (job.state, seen(moved).phase) == (JobState.BLOCKED, Phase.INSTANCE_UPDATE_FAILED)

    @pytest.mark.parametrize("step", range(4))
    def test_a_worker_that_dies_before_any_checkpoint_leaves_nothing_half(
        self, moved: Portal, world: World, step: int
    ) -> None:
        job = begin(world, moved)
        runner.run(job.id)
        Job.objects.filter(pk=job.pk).update(state="waiting", cursor=step, finished_at=None)
        job.steps.filter(index__gte=step).update(state="pending", finished_at=None)
        Portal.objects.filter(pk=moved.pk).update(phase=Phase.INSTANCE_UPDATING)
        runner.run(job.id)
        job.refresh_from_db()
        assert (job.state, seen(moved).phase) == (JobState.SUCCEEDED, Phase.CONFIGURED)
        kinds = [row.kind for row in ledger.held(exclusive_key=moved.exclusive_key)]
        assert len(set(kinds)) == len(kinds)

    def test_it_is_cancelled_before_it_begins(self, moved: Portal, world: World, sign_in: SignIn) -> None:
        job = begin(world, moved)
        services.cancel(job_id=job.id, requested_by=None)
        assert seen(moved).phase == Phase.INSTANCE_UPDATE_FAILED
        shown = sign_in("system.admin").get(f"/portals/{moved.id}/").content.decode()
        assert "Cancelled." in shown


class TestTheErrorScreen:
    def test_it_tells_reason_step_and_error_id_and_offers_restart_and_reset(
        self, portal: Portal, world: World, sign_in: SignIn
    ) -> None:
        job = failed(world, portal)
        shown = sign_in("system.admin").get(f"/portals/{portal.id}/").content.decode()
        assert 'data-state="instance-update-failed"' in shown
        assert INSTANCE_UPDATE_ERROR in shown
        assert f"No organization answers at {NOWHERE}." in shown
        assert job.error_id in shown
        assert 'data-error-code="no_organization"' in shown
        assert "Make sure that the same organization answers at the new URL" in shown
        assert f'action="/portals/{portal.id}/instance/restart/"' in shown
        assert f'href="/portals/{portal.id}/reset/"' in shown
        # Like every error state it leaves the navigation with the details only.
        assert "Manage Dynamics 365 Instance" not in shown

    def test_the_applications_tab_has_the_plain_name_and_the_state(
        self, portal: Portal, world: World, sign_in: SignIn
    ) -> None:
        failed(world, portal)
        assert seen(portal).display_name == portal.name
        shown = sign_in("system.admin").get("/applications/?state=instance-update-failed").content.decode()
        assert f'data-portal="{portal.id}"' in shown
        assert 'data-state="instance-update-failed"' in shown

    def test_other_updates_are_refused_with_a_sentence(
        self, portal: Portal, world: World, sign_in: SignIn
    ) -> None:
        failed(world, portal)
        values = {"name": "x", "portal_state": "on"}
        response = sign_in("system.admin").post(f"/portals/{portal.id}/details/", values)
        assert response.status_code == 409
        with pytest.raises(NotNow, match="Restart it first"):
            details.update(
                portal_id=portal.id, name="x", development_status="", is_on=True, early_upgrade=False
            )
        assert RESTART_INSTANCE_UPDATE_FIRST.startswith("The update")

    def test_restart_succeeds_when_the_cause_is_gone(
        self, portal: Portal, world: World, web: LiveServer, sign_in: SignIn
    ) -> None:
        job = failed(world, portal)
        move(world, NOWHERE)
        response = sign_in("global.admin").post(f"{page(portal)}restart/")
        assert (response.status_code, response["Location"]) == (302, f"/portals/{portal.id}/")
        run_all()
        assert (seen(portal).phase, bound_url(seen(portal))) == (Phase.CONFIGURED, NOWHERE)
        assert Job.objects.get(restart_of=job).state == JobState.SUCCEEDED
        assert answer(web, portal).status_code == 200

    def test_a_restart_keeps_what_is_done_and_verifies_the_rest(
        self, moved: Portal, world: World, web: LiveServer, settings: Any
    ) -> None:
        there, settings.WEB_ADDRESS = settings.WEB_ADDRESS, "127.0.0.1:1"
        job = begin(world, moved)
        for _ in range(TRIES):
            Job.objects.filter(pk=job.pk).update(run_at=timezone.now())
            runner.run(job.id)
        job.refresh_from_db()
        assert (job.state, job.cursor) == (JobState.FAILED, 3)
        assert bound_url(seen(moved)) == NEW
        settings.WEB_ADDRESS = there
        again = restarting.restart(job=job, user=world.user("system.admin"))
        runner.run(again.id)
        assert [step.kept for step in again.steps.order_by("index")] == [False, True, True, False]
        assert seen(moved).phase == Phase.CONFIGURED

    def test_another_url_restarts_it_and_the_page_says_what_was_changed(
        self, moved: Portal, world: World, sign_in: SignIn
    ) -> None:
        job = failed(world, moved)
        browser = sign_in("global.admin")
        assert f'value="{NOWHERE}"' in browser.get(page(moved)).content.decode()
        assert browser.post(page(moved), {"url": NEW}).status_code == 302
        run_all()
        assert (seen(moved).phase, bound_url(seen(moved))) == (Phase.CONFIGURED, NEW)
        again = Job.objects.get(restart_of=job)
        event = JobEvent.objects.get(job=again, name="enqueued")
        assert f"{NOWHERE} → {NEW}" in event.detail
        shown = browser.get(f"/jobs/{again.id}/").content.decode()
        assert NOWHERE in shown
        assert NEW in shown

    def test_the_address_of_before_is_a_way_back(self, portal: Portal, world: World, sign_in: SignIn) -> None:
        failed(world, portal)
        asked = sign_in("system.admin").post(page(portal), {"url": OLD, "action": "check"})
        assert "Keep this portal bound to" in asked.content.decode()
        sign_in("system.admin").post(page(portal), {"url": OLD})
        run_all()
        assert (seen(portal).phase, bound_url(seen(portal))) == (Phase.CONFIGURED, OLD)

    def test_another_organization_is_refused_there_too(
        self, portal: Portal, world: World, sign_in: SignIn
    ) -> None:
        failed(world, portal)
        assert sign_in("system.admin").post(page(portal), {"url": SANDBOX}).status_code == 422
        assert Job.objects.filter(kind=KIND).count() == 1

    def test_the_portal_can_be_reset_and_configured_again_at_the_new_address(
        self, portal: Portal, world: World, sign_in: SignIn
    ) -> None:
        job = failed(world, portal)
        move(world, NEW)
        assert sign_in("system.admin").post(f"/portals/{portal.id}/reset/").status_code == 302
        run_all()
        assert seen(portal).phase == Phase.RESET
        assert "was reset since" in (restarting.why_not([job])[job.id])
        world.submit(portal)
        run_all()
        assert (seen(portal).phase, bound_url(seen(portal))) == (Phase.CONFIGURED, NEW)

    def test_one_that_succeeded_or_was_followed_by_another_is_not_restarted(
        self, moved: Portal, world: World, sign_in: SignIn
    ) -> None:
        job = failed(world, moved)
        runner.run(begin(world, moved).id)
        assert job.id in restarting.why_not([job])
        response = sign_in("system.admin").post(f"{page(moved)}restart/", follow=True)
        assert response.status_code == 200
        assert Job.objects.filter(kind=KIND).count() == 2
        assert seen(moved).phase == Phase.CONFIGURED


class TestRaces:
    def together(self, *acts: Callable[[], Any]) -> list[Any]:
        barrier, answers = threading.Barrier(len(acts)), []

        def run(act: Callable[[], Any]) -> None:
            barrier.wait()
            try:
                answers.append(act())
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=[act]) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def test_two_people_at_once_begin_one_update_and_the_other_is_told(
        self, moved: Portal, sign_in: SignIn
    ) -> None:
        browsers = [sign_in("system.admin"), sign_in("global.admin")]

        def press(browser: Client) -> str:
            return browser.post(page(moved), {"url": NEW}, follow=True).content.decode()

        answers = self.together(*((lambda browser=browser: press(browser)) for browser in browsers))
        assert Job.objects.filter(kind=KIND).count() == 1
        assert sum("started this already" in shown for shown in answers) == 1

    def test_of_an_update_and_a_reset_at_once_one_is_begun_and_the_other_refused(
        self, moved: Portal, sign_in: SignIn
    ) -> None:
        one, other = sign_in("system.admin"), sign_in("global.admin")
        statuses = self.together(
            lambda: one.post(page(moved), {"url": NEW}).status_code,
            lambda: other.post(f"/portals/{moved.id}/reset/").status_code,
        )
        assert sorted(statuses) == [302, 409]
        assert Job.objects.filter(state="queued").count() == 1
        assert seen(moved).phase in {Phase.INSTANCE_UPDATING, Phase.RESETTING}

    def test_of_a_restart_and_a_reset_at_once_one_is_begun(
        self, portal: Portal, world: World, sign_in: SignIn
    ) -> None:
        failed(world, portal)
        one, other = sign_in("system.admin"), sign_in("global.admin")
        self.together(
            lambda: one.post(f"{page(portal)}restart/").status_code,
            lambda: other.post(f"/portals/{portal.id}/reset/").status_code,
        )
        assert Job.objects.filter(state="queued").count() == 1


class TestAnOrganizationSomewhereElse:
    """The same, over HTTP: an instance of kind Dataverse, whose organization does not ask us when it moves."""

    @pytest.fixture
    def remote(self, portal: Portal, world: World) -> Instance:
        instance = connected(world.production)
        Portal.objects.filter(pk=portal.pk).update(instance=instance, organization_url=instance.url)
        return instance

    def test_the_admin_center_and_the_portal_follow_it(
        self, portal: Portal, remote: Instance, world: World, web: LiveServer
    ) -> None:
        assert answer(web, portal).status_code == 200
        move(world, NEW)
        assert answer(web, portal).status_code == 503
        there = NEW.replace("https://", "http://")
        job = begin(world, portal, there, local="global.admin")
        runner.run(job.id)
        assert (seen(portal).phase, bound_url(seen(portal))) == (Phase.CONFIGURED, there)
        remote.refresh_from_db()
        assert remote.url == there
        assert answer(web, portal).status_code == 200
        assert website(world, portal).attributes["adx_organizationurl"] == there

    def test_another_organization_over_there_is_refused(
        self, portal: Portal, remote: Instance, world: World, sign_in: SignIn
    ) -> None:
        let_in(world.sandbox, remote)
        response = sign_in("global.admin").post(page(portal), {"url": SANDBOX.replace("https", "http")})
        assert response.status_code == 422
        assert 'data-error-code="other_organization"' in response.content.decode()
        remote.refresh_from_db()
        assert remote.url != SANDBOX.replace("https", "http")

    def test_an_address_that_another_instance_has_fails_it(
        self, portal: Portal, remote: Instance, world: World
    ) -> None:
        move(world, NEW)
        there = NEW.replace("https://", "http://")
        job = begin(world, portal, there, local="global.admin")
        other = connected(world.sandbox, name="Other")
        Instance.objects.filter(pk=other.pk).update(url=there)
        runner.run(job.id)
        job.refresh_from_db()
        assert (job.error_code, seen(portal).phase) == ("address_taken", Phase.INSTANCE_UPDATE_FAILED)


def let_in(organization: Instance, remote: Instance) -> None:
    """Let the connector of `remote` into another organization, too."""
    user = SystemUser.objects.create(
        instance=organization, full_name="# Connector", application_id=remote.connection.client_id
    )
    role = SecurityRole.objects.get(
        instance=organization, template_id=ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR]
    )
    RoleMembership.objects.create(user=user, role=role)

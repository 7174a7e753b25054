"""A portal on an organization of kind Dataverse: provisioned, filled, shown and reset, all over the Web API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts import permissions
from accounts.models import User
from domains.models import Certificate
from jobs import runner
from jobs.models import Job
from jobs.states import JobState
from organizations.connect import connect
from organizations.models import Instance, RoleMembership
from organizations.ports import Query
from provisioning.models import Portal
from provisioning.services import provision, translations
from provisioning.terms import CURRENT
from tests.organizations.remote import connected
from tests.provisioning.conftest import SignIn, World, run_all

ITALIAN = 1040
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def remote(world: World, web: LiveServer) -> Instance:
    """Contoso once more, seen from outside."""
    return connected(world.production)


@pytest.fixture
def portal(world: World, remote: Instance) -> Portal:
    portal = world.portal()
    world.submit(portal, instance_id=remote.id)
    states = {f"{job.kind}: {type(job).objects.get(pk=job.pk).state}" for job in run_all()}
    assert states == {"provision-portal: succeeded", "install-packages: succeeded"}
    portal.refresh_from_db()
    return portal


def test_a_portal_is_provisioned_and_shows_its_pages(portal: Portal, remote: Instance) -> None:
    assert (portal.phase, portal.packages) == ("configured", "installed")
    response = Client(HTTP_HOST=portal.host).get("/")
    assert response.status_code == 200
    assert response["X-Portal-State"] == "live"
    assert "Customer Self-Service" in response.content.decode()


def test_the_organization_has_what_was_installed(portal: Portal, remote: Instance, world: World) -> None:
    """What came in by the Web API is in the organization's own tables."""
    installed = {solution.unique_name for solution in world.organization.solutions()}
    assert {"PortalBase", "CustomerSelfServicePortal"} <= installed
    pages = world.organization.query(Query("adx_webpage"))
    assert len(pages) == len(connect(remote).query(Query("adx_webpage"))) > 5
    assert world.organization.labels("adx_webpage", 1031)["LocalizedName"] == "Webseite"


def test_the_form_offers_what_the_organization_says(
    world: World, remote: Instance, web: LiveServer, sign_in: SignIn
) -> None:
    browser = sign_in("system.admin")
    path = f"/portals/{world.portal().id}/configure/"
    page = browser.get(path, {"instance": str(remote.id)}).content.decode()
    assert remote.name in page
    fragment = browser.get(f"{path}instance/", {"instance": str(remote.id)}).content.decode()
    assert 'value="1031"' in fragment
    assert "Sylvia Admon" in fragment


def test_the_solutions_page_shows_it(portal: Portal, remote: Instance, sign_in: SignIn) -> None:
    page = sign_in("system.admin").get(f"/instances/{remote.id}/solutions/").content.decode()
    assert 'data-solution="PortalBase" data-solution-state="installed"' in page


def test_translations_come_with_a_newly_enabled_language(
    portal: Portal, remote: Instance, world: World
) -> None:
    organization = connect(remote)
    assert organization.labels("adx_webpage", ITALIAN) == {}
    organization.enable_language(ITALIAN)
    job = translations.submit(portal_id=portal.id, user=world.user("system.admin"))
    runner.run(job.id)
    job.refresh_from_db()
    assert job.state == "succeeded"
    assert organization.labels("adx_webpage", ITALIAN)["LocalizedName"] == "Pagina Web"


def test_a_missing_prerequisite_is_named(world: World, remote: Instance) -> None:
    """Field Service is a solution of an administrator's, so its add-on fails and says what it lacks."""
    portal = world.portal()
    world.submit(
        portal,
        instance_id=remote.id,
        audience="partner",
        template="partner",
        add_ons=("partner-field-service",),
    )
    *_, last = run_all()
    last.refresh_from_db()
    assert (last.kind, last.state, last.error_code) == ("install-packages", "failed", "missing_dependency")
    assert "Field Service" in last.error_message
    portal.refresh_from_db()
    assert portal.packages == "install-failed"


def test_a_portal_is_unavailable_while_the_organization_is(portal: Portal, world: World) -> None:
    Instance.objects.filter(pk=world.production.pk).update(state=Instance.State.DISABLED)
    assert Client(HTTP_HOST=portal.host).get("/").status_code == 503


class TestARoleThatWasTakenAway:
    """Pages may go on to show what somebody managed a minute ago; whatever they then do is asked for anew."""

    @pytest.fixture
    def job(self, world: World, remote: Instance, sign_in: SignIn) -> Job:
        job = world.submit(instance_id=remote.id)
        self.browser = sign_in("system.admin")
        assert self.browser.get(f"/jobs/{job.id}/").status_code == 200
        return job

    def take_away(self, person: User) -> None:
        RoleMembership.objects.filter(user__object_id=person.directory_object_id).delete()

    def fail(self, job: Job) -> None:
        ended = {"error_code": "language_disabled", "finished_at": timezone.now()}
        Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, **ended)
        Portal.objects.filter(provision_job=job).update(phase="provisioning-failed")

    def test_changes_nothing_of_a_portal(self, job: Job, world: World) -> None:
        self.fail(job)
        portal = Portal.objects.get(provision_job=job)
        page = f"/portals/{portal.id}/"
        assert self.browser.get(page).status_code == 200
        self.take_away(world.user("system.admin"))
        assert self.browser.get(page).status_code == 200
        for form in ("provision/restart/", "provision/change/", "reset/", "details/"):
            assert self.browser.post(page + form).status_code == 403, form
        assert not job.restarts.exists()

    def test_changes_no_values(self, job: Job, world: World, remote: Instance) -> None:
        self.fail(job)
        portal, person = Portal.objects.get(provision_job=job), world.user("system.admin")
        values = world.configuration(instance_id=remote.id)
        self.take_away(person)
        assert permissions.may_provision(world.user("system.admin"), remote.id)  # as far as is remembered
        with pytest.raises(provision.NotPermitted):
            provision.change(portal_id=portal.id, configuration=values, user=world.user("system.admin"))

    def test_submits_nothing(self, job: Job, world: World, remote: Instance) -> None:
        portal, values = (
            world.portal("trial"),
            world.configuration(instance_id=remote.id, subdomain="another"),
        )
        self.take_away(world.user("system.admin"))
        with pytest.raises(provision.NotPermitted):
            provision.submit(
                portal_id=portal.id,
                configuration=values,
                terms_version=CURRENT.version,
                user=world.user("system.admin"),
            )

    def test_cancels_no_job(self, job: Job, world: World) -> None:
        self.take_away(world.user("system.admin"))
        assert self.browser.get(f"/jobs/{job.id}/").status_code == 200
        assert self.browser.post(f"/jobs/{job.id}/cancel/").status_code == 403
        job.refresh_from_db()
        assert job.state == JobState.QUEUED

    def test_restarts_no_job(self, job: Job, world: World) -> None:
        self.fail(job)
        self.take_away(world.user("system.admin"))
        assert self.browser.post(f"/jobs/{job.id}/restart/").status_code == 403
        assert not job.restarts.exists()

    def test_restarts_none_of_a_cause(self, job: Job, world: World) -> None:
        self.fail(job)
        cause = {"kind": job.kind, "code": "language_disabled"}
        assert str(job.id) in self.browser.get("/jobs/failed/", cause).content.decode()
        self.take_away(world.user("system.admin"))
        page = self.browser.post("/jobs/failed/", {**cause, "job": [str(job.id)]}).content.decode()
        assert "You do not manage what it works on." in page
        assert not job.restarts.exists()

    def test_brings_and_deletes_no_certificate(self, job: Job, remote: Instance, world: World) -> None:
        now = timezone.now()
        dates = {"not_before": now, "not_after": now + timedelta(1), "ends_at": now + timedelta(1)}
        kept = Certificate.objects.create(
            instance=remote, subject="x", names=["x.shop"], is_trusted=False, **dates
        )
        assert self.browser.get("/certificates/", {"instance": str(remote.id)}).status_code == 200
        self.take_away(world.user("system.admin"))
        assert self.browser.post(f"/certificates/{kept.pk}/delete/").status_code == 403
        assert self.browser.post("/certificates/", {"instance": str(remote.id)}).status_code == 403
        assert Certificate.objects.filter(pk=kept.pk).exists()

"""Manage, Portal Details and watching, over HTTP."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from jobs import runner, services
from jobs.models import Job
from jobs.presentation import seen_of
from provisioning.models import Portal
from provisioning.phases import NOT_ALLOWED, Packages, Phase
from tests.provisioning.conftest import SignIn, World

pytestmark = pytest.mark.django_db

REFUSALS = ("csr", "employee", "customer", "nobody")


@pytest.mark.parametrize("local", ["customizer", *REFUSALS])
def test_who_may_not_manage_is_told_so_with_the_missions_sentence(
    world: World, sign_in: SignIn, local: str
) -> None:
    portal = world.portal()
    world.submit(portal)
    for path in ("", "details/", "configure/", "terms/"):
        response = sign_in(local).get(f"/portals/{portal.id}/{path}")
        assert response.status_code == 403
        assert NOT_ALLOWED in response.content.decode()


def test_a_system_administrator_of_another_organization_may_not_manage(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    world.submit(portal)
    Portal.objects.filter(pk=portal.pk).update(instance=world.sandbox)
    assert sign_in("second.admin").get(f"/portals/{portal.id}/").status_code == 403


def test_a_refused_opening_does_not_count_as_opened(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    sign_in("nobody").get(f"/portals/{portal.id}/")
    portal.refresh_from_db()
    assert portal.status == "Not Configured"


def test_only_a_global_administrator_adds_applications(world: World, sign_in: SignIn) -> None:
    for local in ("service.admin", "system.admin", "nobody"):
        assert sign_in(local).post("/applications/add/", {"type": "trial"}).status_code == 403
    assert sign_in("global.admin").post("/applications/add/", {"type": "martian"}).status_code == 422
    assert Portal.objects.count() == 4
    assert sign_in("global.admin").post("/applications/add/", {"type": "trial"}).status_code == 302
    assert Portal.objects.filter(type="trial").count() == 3


def configured(world: World, packages: Packages = Packages.INSTALLED) -> Portal:
    portal = world.portal()
    world.submit(portal)
    Portal.objects.filter(pk=portal.pk).update(phase=Phase.CONFIGURED, packages=packages)
    portal.refresh_from_db()
    return portal


def test_details_are_updated(world: World, sign_in: SignIn) -> None:
    portal = configured(world)
    sent = {"name": " New  name ", "development_status": "live", "portal_state": "off", "early_upgrade": "on"}
    response = sign_in("second.admin").post(f"/portals/{portal.id}/details/", sent)
    assert response.status_code == 302
    portal.refresh_from_db()
    assert (portal.name, portal.development_status, portal.is_on, portal.early_upgrade) == (
        "New name",
        "live",
        False,
        True,
    )


def test_a_bad_name_changes_nothing(world: World, sign_in: SignIn) -> None:
    portal = configured(world)
    response = sign_in("second.admin").post(
        f"/portals/{portal.id}/details/", {"name": " ", "portal_state": "off"}
    )
    assert response.status_code == 422
    assert 'data-error-code="name_missing"' in response.content.decode()
    portal.refresh_from_db()
    assert (portal.name, portal.is_on) == ("Contoso Support", True)


def test_names_are_shown_as_text(world: World, sign_in: SignIn) -> None:
    portal = configured(world)
    Portal.objects.filter(pk=portal.pk).update(name="<script>alert(1)</script>")
    for path in ("/applications/", f"/portals/{portal.id}/details/"):
        assert "<script>alert(1)" not in sign_in("global.admin").get(path).content.decode()


@pytest.mark.parametrize(
    ("phase", "packages", "words"),
    [
        (Phase.CONFIGURING, Packages.NONE, "currently being configured"),
        (Phase.CONFIGURED, Packages.INSTALLING, "still in progress. Please check status here."),
        (Phase.PROVISIONING_FAILED, Packages.NONE, "failed"),
    ],
)
def test_updates_are_refused_on_the_server_with_the_sentence_of_the_phase(
    world: World, sign_in: SignIn, phase: Phase, packages: Packages, words: str
) -> None:
    portal = configured(world, packages)
    Portal.objects.filter(pk=portal.pk).update(phase=phase)
    response = sign_in("global.admin").post(
        f"/portals/{portal.id}/details/", {"name": "x", "portal_state": "on"}
    )
    assert response.status_code == 409
    assert words in response.content.decode()
    portal.refresh_from_db()
    assert portal.name == "Contoso Support"


def test_while_packages_install_details_say_so_and_lead_to_the_solutions(
    world: World, sign_in: SignIn
) -> None:
    portal = configured(world, Packages.INSTALLING)
    html = sign_in("global.admin").get(f"/portals/{portal.id}/details/").content.decode()
    link = f'<a href="/instances/{world.production.id}/solutions/">here</a>.'
    assert f"package installation is still in progress. Please check status {link}" in html


def test_the_watched_page_polls_its_job_and_stops_when_it_is_over(world: World, sign_in: SignIn) -> None:
    browser, portal = sign_in("system.admin"), world.portal()
    job = world.submit(portal)
    html = browser.get(f"/portals/{portal.id}/").content.decode()
    assert (
        "This portal is currently being configured and updates are not allowed. Please try again later."
        in html
    )
    assert 'hx-trigger="every 1s"' in html
    services.cancel(job_id=job.id, requested_by=None)
    html = browser.get(f"/portals/{portal.id}/").content.decode()
    assert "hx-trigger" not in html
    assert "Restart Provisioning" in html


def test_an_unchanged_poll_is_empty_and_cheap(
    world: World, sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser, portal = sign_in("service.admin"), world.portal()
    job = world.submit(portal)
    status = f"/jobs/{job.id}/status/"
    # Session, person, job, directory roles; and whether a worker lives, since the job is due.
    with django_assert_num_queries(6):
        response = browser.get(status, {"seen": seen_of(job, timezone.now())})
    assert (response.status_code, response.content) == (204, b"")
    assert "no-store" in response["Cache-Control"]
    assert browser.get(status, {"seen": "0-1-queued"}).status_code == 200


def test_the_whole_page_comes_anew_when_the_job_ended(world: World, sign_in: SignIn) -> None:
    job = world.submit()
    services.cancel(job_id=job.id, requested_by=None)
    response = sign_in("system.admin").get(
        f"/jobs/{job.id}/status/?seen=1-1-queued", headers={"HX-Request": "true"}
    )
    assert response["HX-Refresh"] == "true"


@pytest.mark.parametrize("local", ["customizer", *REFUSALS])
def test_jobs_are_seen_by_those_who_manage_the_portal(world: World, sign_in: SignIn, local: str) -> None:
    job = world.submit()
    for path in ("", "status/"):
        assert sign_in(local).get(f"/jobs/{job.id}/{path}").status_code == 403
    for act in ("restart/", "cancel/"):
        assert sign_in(local).post(f"/jobs/{job.id}/{act}").status_code == 403
    job.refresh_from_db()
    assert job.state == "queued"


def failed(world: World) -> tuple[Portal, Job]:
    portal = world.portal()
    job = world.submit(portal, language=1040)  # not enabled
    runner.run(job.id)
    job.refresh_from_db()
    return portal, job


def test_the_error_screen_tells_the_reason_and_offers_a_restart(world: World, sign_in: SignIn) -> None:
    portal, job = failed(world)
    html = sign_in("service.admin").get(f"/portals/{portal.id}/").content.decode()
    assert "An error occurred while provisioning your Portal, and it could not be completed." in html
    assert job.error_message.split("&")[0][:40].replace("'", "&#x27;") in html
    assert job.error_id in html
    assert "Restart Provisioning" in html
    assert 'data-error-code="language_disabled"' in html


def test_restart_is_one_click_and_two_clicks_are_one_job(world: World, sign_in: SignIn) -> None:
    portal, job = failed(world)
    browser = sign_in("service.admin")
    for _ in range(2):
        assert browser.post(f"/portals/{portal.id}/provision/restart/").status_code == 302
    assert Job.objects.filter(restart_of=job).count() == 1
    portal.refresh_from_db()
    assert portal.phase == Phase.CONFIGURING


def test_restart_wants_a_post(world: World, sign_in: SignIn) -> None:
    portal, _ = failed(world)
    assert sign_in("service.admin").get(f"/portals/{portal.id}/provision/restart/").status_code == 405


def test_a_job_page_tells_what_happened(world: World, sign_in: SignIn) -> None:
    _, job = failed(world)
    html = sign_in("service.admin").get(f"/jobs/{job.id}/").content.decode()
    assert job.error_id in html
    assert "claimed" in html
    assert f'action="/jobs/{job.id}/restart/"' in html

"""Get latest metadata translations: the job, when it may begin, and its page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.db.models import F
from pytest_django.live_server_helper import LiveServer

from jobs import restarting, runner, services
from jobs.models import Job
from organizations import administration, installations, language_list
from organizations.connect import connect
from organizations.models import Instance, KeptPackage, Label, Language, SolutionInstall
from organizations.packages import catalog
from organizations.ports import InstalledSolution
from provisioning import translations as rules
from provisioning.models import Portal
from provisioning.phases import Packages, Phase
from provisioning.policies import NotNow
from provisioning.services import translations
from provisioning.translations import SOLUTIONS_INSTALLING, report
from provisioning.workflows import translations as workflow
from tests.provisioning.conftest import SignIn, World, run_all
from tests.waiting import until

ITALIAN, FRENCH = 1040, 1036
BASE, OWN = "PortalBase", "CustomerSelfServicePortal"


def counted(lcid: int, **counts: int) -> dict[str, int]:
    return {**dict.fromkeys(rules.COUNTS, 0), "lcid": lcid, **counts}


class TestReport:
    def test_solutions_are_summed_up_by_language(self) -> None:
        outputs = [
            {"labels": [counted(FRENCH, added=2, kept=1)]},
            {},
            {"labels": [counted(FRENCH, added=3, unchanged=4), counted(ITALIAN, skipped=7)]},
        ]
        french, italian = report(outputs)
        assert (french.added, french.kept, french.unchanged, french.is_enabled) == (5, 1, 4, True)
        assert (italian.language.lcid, italian.skipped, italian.is_enabled) == (ITALIAN, 7, False)

    def test_an_organization_that_does_not_count_gives_none(self) -> None:
        assert report([{"labels": []}, {"installed": False}]) == []


@pytest.fixture
def portal(world: World, web: LiveServer) -> Portal:
    """A portal whose solutions are installed."""
    job = world.submit()
    run_all()
    found = Portal.objects.get(pk=job.inputs["portal_id"])
    assert found.packages == Packages.INSTALLED
    return found


def update(world: World, portal: Portal, local: str = "system.admin") -> Job:
    job = translations.submit(portal_id=portal.id, user=world.user(local))
    runner.run(job.id)
    job.refresh_from_db()
    return job


def told(job: Job) -> dict[int, rules.LanguageReport]:
    return {row.language.lcid: row for row in report(step.output for step in job.steps.all())}


@pytest.mark.django_db(transaction=True)
class TestUpdate:
    def test_a_worker_that_overslept_leaves_the_languages_that_are_known_now(
        self, world: World, portal: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The organization is elsewhere; another worker took the job over while this one had its answer."""
        Instance.objects.filter(pk=world.production.pk).update(kind=Instance.Kind.DATAVERSE)
        job = translations.submit(portal_id=portal.id, user=world.user("system.admin"))

        class Elsewhere:
            def provisioned_languages(self) -> list[int]:
                Job.objects.filter(pk=job.pk).update(fence=F("fence") + 1)
                language_list.remember(world.production.id, [1033, ITALIAN])
                return [1033]

            def solutions(self) -> list[InstalledSolution]:
                return []

        monkeypatch.setattr(workflow, "connect_by_id", lambda _: Elsewhere())
        assert runner.run(job.id) is runner.Outcome.LOST
        known = Language.objects.filter(instance=world.production.id, enabled=True)
        assert set(known.values_list("lcid", flat=True)) == {1033, ITALIAN}

    def test_labels_come_in_the_language_that_was_enabled(self, world: World, portal: Portal) -> None:
        assert world.organization.labels("adx_webpage", ITALIAN) == {}
        world.organization.enable_language(ITALIAN)
        job = update(world, portal)
        assert job.state == "succeeded"
        assert world.organization.labels("adx_webpage", ITALIAN)["LocalizedName"] == "Pagina Web"
        assert (told(job)[ITALIAN].skipped, told(job)[FRENCH].added) == (0, 0)
        assert told(job)[ITALIAN].added == told(job)[FRENCH].unchanged

    def test_what_a_person_wrote_is_kept_and_counted(self, world: World, portal: Portal) -> None:
        world.organization.enable_language(ITALIAN)
        for lcid, text in ((ITALIAN, "Foglio"), (FRENCH, "Feuille")):
            Label.objects.create(
                instance=world.production,
                component="adx_webpage",
                column="LocalizedName",
                lcid=lcid,
                text=text,
            )
        job = update(world, portal)
        assert world.organization.labels("adx_webpage", ITALIAN)["LocalizedName"] == "Foglio"
        assert world.organization.labels("adx_webpage", FRENCH)["LocalizedName"] == "Feuille"
        assert (told(job)[ITALIAN].kept, told(job)[FRENCH].kept) == (1, 1)

    def test_languages_that_are_not_enabled_are_skipped(self, world: World, portal: Portal) -> None:
        job = update(world, portal)
        assert told(job)[ITALIAN].skipped > 0
        assert world.organization.labels("adx_webpage", ITALIAN) == {}

    def test_no_version_is_raised_when_a_newer_package_ships(
        self, world: World, portal: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed = {solution.unique_name: solution.version for solution in world.organization.solutions()}
        newer = tuple(replace(item, version="10.0.0.0") for item in catalog.shipped())
        monkeypatch.setattr(catalog, "shipped", lambda: newer)
        monkeypatch.setattr(catalog, "load", lambda name: pytest.fail("the newer package was taken"))
        world.organization.enable_language(ITALIAN)
        assert update(world, portal).state == "succeeded"
        assert {s.unique_name: s.version for s in world.organization.solutions()} == installed
        assert world.organization.labels("adx_webpage", ITALIAN)["LocalizedName"] == "Pagina Web"

    def test_a_version_that_nobody_keeps_fails_and_says_what_to_do(
        self, world: World, portal: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        KeptPackage.objects.all().delete()
        newer = tuple(replace(item, version="10.0.0.0") for item in catalog.shipped())
        monkeypatch.setattr(catalog, "shipped", lambda: newer)
        job = update(world, portal)
        assert (job.state, job.error_code) == ("failed", "version_not_kept")
        assert "PortalBase in version 9.0.1.0" in job.error_message

    def test_a_failure_leaves_the_portal_configured(self, world: World, portal: Portal) -> None:
        organization = world.production
        job = translations.submit(portal_id=portal.id, user=world.user("system.admin"))
        administration.disable_application_user(instance_id=organization.id)
        runner.run(job.id)
        job.refresh_from_db()
        portal.refresh_from_db()
        assert (job.state, len(job.error_id)) == ("blocked", 8)
        assert (portal.phase, portal.packages) == (Phase.CONFIGURED, Packages.INSTALLED)
        assert set(SolutionInstall.objects.values_list("state", flat=True)) == {"installed"}

    def test_a_failed_update_is_restarted_when_its_cause_is_gone(self, world: World, portal: Portal) -> None:
        job = translations.submit(portal_id=portal.id, user=world.user("system.admin"))
        administration.disable_application_user(instance_id=world.production.id)
        runner.run(job.id)
        administration.admit_application_user(instance_id=world.production.id)
        job.refresh_from_db()
        again = restarting.restart(job=job, user=world.user("service.admin"))
        runner.run(again.id)
        again.refresh_from_db()
        assert again.state == "succeeded"


@pytest.mark.django_db(transaction=True)
class TestWhen:
    def test_not_while_the_portals_solutions_are_being_installed(self, world: World, portal: Portal) -> None:
        SolutionInstall.objects.filter(unique_name=BASE).update(state="installing")
        with pytest.raises(NotNow, match="The portal solutions are being installed"):
            translations.submit(portal_id=portal.id, user=world.user("system.admin"))
        assert not Job.objects.filter(kind=rules.KIND).exists()

    def test_other_solutions_do_not_matter(self, world: World, portal: Portal) -> None:
        installations.install(
            instance_id=world.production.id,
            unique_name="FieldService",
            requested_by=world.user("system.admin"),
        )
        assert translations.submit(portal_id=portal.id, user=world.user("system.admin"))

    def test_not_while_the_portals_packages_install(self, world: World, portal: Portal) -> None:
        Portal.objects.filter(pk=portal.pk).update(packages=Packages.INSTALLING)
        with pytest.raises(NotNow, match="package installation is still in progress"):
            translations.submit(portal_id=portal.id, user=world.user("system.admin"))

    def test_one_at_a_time(self, world: World, portal: Portal) -> None:
        translations.submit(portal_id=portal.id, user=world.user("system.admin"))
        with pytest.raises(services.AlreadyActive, match="Sylvia Admon started this already"):
            translations.submit(portal_id=portal.id, user=world.user("second.admin"))

    def test_an_installation_that_begins_at_the_same_moment_is_before_it(
        self, world: World, portal: Portal
    ) -> None:
        """Whoever comes second waits until the first is committed, and then sees it."""

        def ask() -> str:
            try:
                translations.submit(portal_id=portal.id, user=world.user("system.admin"))
            except NotNow as error:
                return str(error)
            finally:
                connection.close()
            return "begun"

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                installations.install(
                    instance_id=world.production.id, unique_name=BASE, requested_by=world.user("system.admin")
                )
                other = pool.submit(ask)
                until(lambda: other.done() or _somebody_waits(), what="the other one to wait")
                assert not other.done()
            assert other.result(20) == SOLUTIONS_INSTALLING

    def test_a_restart_is_refused_while_solutions_install(self, world: World, portal: Portal) -> None:
        job = translations.submit(portal_id=portal.id, user=world.user("system.admin"))
        services.cancel(job_id=job.id, requested_by=None)
        SolutionInstall.objects.filter(unique_name=BASE).update(state="installing")
        job.refresh_from_db()
        assert restarting.why_not([job]) == {job.id: SOLUTIONS_INSTALLING}
        with pytest.raises(services.NotRestartable, match="The portal solutions are being installed"):
            restarting.restart(job=job, user=world.user("system.admin"))

    def test_a_restart_waits_for_an_installation_that_begins_at_the_same_moment(
        self, world: World, portal: Portal
    ) -> None:
        job = translations.submit(portal_id=portal.id, user=world.user("system.admin"))
        services.cancel(job_id=job.id, requested_by=None)
        job.refresh_from_db()

        def ask() -> str:
            try:
                restarting.restart(job=job, user=world.user("system.admin"))
            except services.NotRestartable as error:
                return str(error)
            finally:
                connection.close()
            return "begun"

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                installations.install(
                    instance_id=world.production.id, unique_name=BASE, requested_by=world.user("system.admin")
                )
                other = pool.submit(ask)
                until(lambda: other.done() or _somebody_waits(), what="the other one to wait")
                assert not other.done()
            assert other.result(20) == SOLUTIONS_INSTALLING


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        row: tuple[int] = cursor.fetchone()
        return row[0] > 0


@pytest.mark.django_db(transaction=True)
class TestPage:
    def test_the_tile_leads_to_the_question(self, portal: Portal, sign_in: SignIn) -> None:
        browser = sign_in("service.admin")
        actions = browser.get(f"/portals/{portal.id}/actions/").content.decode()
        assert "Click to get latest metadata translations" in actions
        page = browser.get(f"/portals/{portal.id}/translations/").content.decode()
        assert "Do you want to update the portal solutions" in page
        assert "Portal Base" in page
        assert ">Update</button>" in page

    def test_update_begins_the_job_and_shows_it(self, portal: Portal, sign_in: SignIn) -> None:
        browser = sign_in("service.admin")
        response = browser.post(f"/portals/{portal.id}/translations/", follow=True)
        assert 'data-job-state="queued"' in response.content.decode()
        assert Job.objects.filter(kind=rules.KIND).count() == 1

    def test_afterwards_it_tells_by_language(self, world: World, portal: Portal, sign_in: SignIn) -> None:
        world.organization.enable_language(ITALIAN)
        job = update(world, portal)
        added = told(job)[ITALIAN].added
        page = sign_in("system.admin").get(f"/portals/{portal.id}/translations/").content.decode()
        assert f'data-language="1040" data-added="{added}" data-kept="0" data-skipped="0"' in page

    def test_while_solutions_install_the_page_says_so(self, portal: Portal, sign_in: SignIn) -> None:
        SolutionInstall.objects.filter(unique_name=OWN).update(state="pending")
        browser = sign_in("system.admin")
        response = browser.post(f"/portals/{portal.id}/translations/")
        assert response.status_code == 409
        assert SOLUTIONS_INSTALLING in response.content.decode()
        assert ">Update</button>" not in browser.get(f"/portals/{portal.id}/translations/").content.decode()
        assert SOLUTIONS_INSTALLING in browser.get(f"/portals/{portal.id}/actions/").content.decode()
        assert not Job.objects.filter(kind=rules.KIND).exists()

    def test_a_failure_shows_reason_error_id_and_restart(
        self, world: World, portal: Portal, sign_in: SignIn
    ) -> None:
        job = translations.submit(portal_id=portal.id, user=world.user("system.admin"))
        administration.disable_application_user(instance_id=world.production.id)
        runner.run(job.id)
        administration.admit_application_user(instance_id=world.production.id)
        job.refresh_from_db()
        page = sign_in("system.admin").get(f"/portals/{portal.id}/translations/").content.decode()
        assert "is disabled in Contoso" in page
        assert f"<code>{job.error_id}</code>" in page
        assert f'action="/jobs/{job.id}/restart/"' in page

    def test_an_organization_that_does_not_answer_is_said(
        self, world: World, portal: Portal, sign_in: SignIn
    ) -> None:
        administration.set_administration_mode(instance_id=world.production.id, on=True)
        page = sign_in("system.admin").get(f"/portals/{portal.id}/translations/").content.decode()
        assert "Contoso is in administration mode" in page
        assert ">Update</button>" not in page

    def test_a_portal_that_was_never_configured_has_none(self, world: World, sign_in: SignIn) -> None:
        add_on = world.portal()
        browser = sign_in("system.admin")
        assert browser.get(f"/portals/{add_on.id}/translations/").status_code == 302
        assert browser.post(f"/portals/{add_on.id}/translations/").status_code == 409


@pytest.mark.django_db
def test_a_language_names_the_portals_that_are_in_it(world: World, sign_in: SignIn) -> None:
    world.submit(language=FRENCH)
    page = sign_in("system.admin").get(f"/instances/{world.production.id}/languages/?disable={FRENCH}")
    assert "<bdi>Contoso Support</bdi>" in page.content.decode()
    assert connect(Instance.objects.get(name="Contoso")).provisioned_languages().count(FRENCH) == 1

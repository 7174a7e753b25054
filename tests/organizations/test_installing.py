"""The job that installs one solution: who installs, what is missing, what it leaves."""

from __future__ import annotations

from uuid import UUID

import pytest

from accounts.models import User
from accounts.roles import OrganizationRole
from jobs import restarting, runner, services
from jobs.errors import Permanent
from jobs.models import Job
from jobs.services import AlreadyActive, NotRestartable
from organizations import administration, installations
from organizations.adapters.embedded import staging
from organizations.connect import connect
from organizations.importing import Installer, require_installer, require_language
from organizations.installations import AlreadyInHand
from organizations.models import Instance, Label, RoleMembership, Solution, SolutionInstall, StagedLabel
from organizations.packages import catalog
from organizations.packages.catalog import UnknownSolution
from tests.organizations.world import FRENCH, make_user

BASE, PORTAL = "PortalBase", "CustomerSelfServicePortal"


@pytest.fixture
def administrator(instance: Instance) -> User:
    return make_user(instance, OrganizationRole.SYSTEM_ADMINISTRATOR, name="Ann Beebe")


def install(instance: Instance, name: str, user: User) -> Job:
    job = installations.install(instance_id=instance.id, unique_name=name, requested_by=user)
    return run(job)


def run(job: Job) -> Job:
    runner.run(job.id)
    job.refresh_from_db()
    return job


def row(instance: Instance, name: str) -> SolutionInstall:
    return SolutionInstall.objects.get(instance=instance, unique_name=name)


def test_it_installs_what_was_asked_for(instance: Instance, administrator: User) -> None:
    assert install(instance, BASE, administrator).state == "succeeded"
    assert row(instance, BASE).state == "installed"
    assert [solution.unique_name for solution in connect(instance).solutions()] == [BASE]


def test_before_it_runs_it_is_pending(instance: Instance, administrator: User) -> None:
    installations.install(instance_id=instance.id, unique_name=BASE, requested_by=administrator)
    assert row(instance, BASE).state == "pending"


def test_prerequisites_are_named_and_not_installed_with_it(instance: Instance, administrator: User) -> None:
    job = install(instance, "PartnerFieldService", administrator)
    assert (job.state, job.error_code) == ("failed", "missing_dependency")
    assert "needs Partner Portal 9.0.0.0 or later, which is not installed" in job.error_message
    assert "needs Field Service 8.0.0.0 or later, which is not installed" in job.error_message
    failed = row(instance, "PartnerFieldService")
    assert (failed.state, failed.reason, failed.error_id) == ("failed", job.error_message, job.error_id)
    assert connect(instance).solutions() == []


def test_a_failed_one_is_retried_when_its_cause_is_gone(instance: Instance, administrator: User) -> None:
    install(instance, PORTAL, administrator)
    install(instance, BASE, administrator)
    again = installations.retry(instance_id=instance.id, unique_name=PORTAL, requested_by=administrator)
    assert run(again).state == "succeeded"
    assert row(instance, PORTAL).state == "installed"


def test_an_older_version_is_upgraded(instance: Instance, administrator: User) -> None:
    Solution.objects.create(
        instance=instance, unique_name=BASE, friendly_name="Portal Base", version="8.0.0.0", layer=1
    )
    assert install(instance, BASE, administrator).state == "succeeded"
    assert Solution.objects.get().version == catalog.find(BASE).version


def test_whoever_is_no_system_administrator_cannot_install(instance: Instance, global_admin: User) -> None:
    job = install(instance, BASE, global_admin)
    assert (job.state, job.error_code) == ("blocked", "installer_not_administrator")
    assert "Gale Adams, who installs, is not System Administrator of the organization." in job.error_message
    assert row(instance, BASE).state == "failed"
    assert connect(instance).solutions() == []


def test_a_system_administrator_who_retries_it_installs_from_then_on(
    instance: Instance, administrator: User, global_admin: User
) -> None:
    install(instance, BASE, global_admin)
    again = installations.retry(instance_id=instance.id, unique_name=BASE, requested_by=administrator)
    assert run(again).state == "succeeded"


def test_support_staff_retries_for_whom_installed_before(
    instance: Instance, administrator: User, global_admin: User
) -> None:
    install(instance, PORTAL, administrator)
    install(instance, BASE, administrator)
    again = installations.retry(instance_id=instance.id, unique_name=PORTAL, requested_by=global_admin)
    assert run(again).state == "succeeded"


def test_one_who_lost_the_role_cannot_install_any_more(instance: Instance, administrator: User) -> None:
    job = installations.install(instance_id=instance.id, unique_name=BASE, requested_by=administrator)
    RoleMembership.objects.filter(user__object_id=administrator.directory_object_id).delete()
    assert run(job).error_code == "installer_not_administrator"


def test_what_nobody_asked_for_the_admin_center_installs_itself(instance: Instance) -> None:
    require_installer(connect(instance), Installer.of({}))


def test_a_portals_language_must_be_enabled(instance: Instance) -> None:
    with pytest.raises(Permanent, match="French \\(France\\), is not enabled") as refusal:
        require_language(connect(instance), FRENCH)
    assert refusal.value.code == "language_disabled"


def test_two_cannot_have_it_in_hand(instance: Instance, administrator: User) -> None:
    installations.install(instance_id=instance.id, unique_name=BASE, requested_by=administrator)
    with pytest.raises((AlreadyInHand, AlreadyActive)):
        installations.install(instance_id=instance.id, unique_name=BASE, requested_by=administrator)
    assert Job.objects.count() == 1


def test_a_job_of_the_past_is_not_restarted_while_another_has_it(
    instance: Instance, administrator: User
) -> None:
    old = install(instance, PORTAL, administrator)
    SolutionInstall.objects.update(state="pending", job_id=UUID(int=1), reason="", error_id="")
    with pytest.raises(NotRestartable, match="being installed already"):
        restarting.restart(job=old, user=administrator)


def test_what_we_do_not_bring_cannot_be_asked_for(instance: Instance, administrator: User) -> None:
    with pytest.raises(UnknownSolution):
        installations.install(instance_id=instance.id, unique_name="Nothing", requested_by=administrator)
    assert not Job.objects.exists()


def test_a_cancelled_one_says_so(instance: Instance, administrator: User) -> None:
    job = installations.install(instance_id=instance.id, unique_name=BASE, requested_by=administrator)
    services.cancel(job_id=job.id, requested_by=administrator)
    assert (row(instance, BASE).state, row(instance, BASE).reason) == (
        "failed",
        "The installation was cancelled.",
    )


def test_a_large_one_is_seen_through_in_one_go(
    instance: Instance, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "SLICE", 5)
    told: list[int] = []
    progressed = installations.progressed

    def note(**said: object) -> bool:
        told.append(int(str(said["progress"])))
        return progressed(**said)  # type: ignore[arg-type]

    monkeypatch.setattr(installations, "progressed", note)
    assert install(instance, BASE, administrator).state == "succeeded"
    assert len(told) > 2
    assert told == sorted(told)
    assert (row(instance, BASE).progress, row(instance, BASE).component) == (0, "")
    assert not StagedLabel.objects.exists()


def test_an_organization_that_shuts_us_out_blocks_it(instance: Instance, administrator: User) -> None:
    job = installations.install(instance_id=instance.id, unique_name=BASE, requested_by=administrator)
    administration.disable_application_user(instance_id=instance.id)
    assert run(job).state == "blocked"
    assert "is disabled in Fabrikam" in row(instance, BASE).reason
    assert not Label.objects.exists()

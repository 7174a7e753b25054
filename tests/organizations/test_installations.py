from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from jobs import registry, runner, services
from jobs.models import Job
from organizations import installations
from organizations.installations import NothingToRetry
from organizations.models import Instance, SolutionInstall
from organizations.packages import catalog
from organizations.packages.catalog import UnknownSolution
from tests.jobs import toys

BASE, PORTAL = "PortalBase", "CustomerSelfServicePortal"
VERSION = catalog.find(BASE).version


def request(instance: Instance, *names: str, job_id: UUID | None = None) -> list[str]:
    return installations.request(
        instance_id=instance.id, unique_names=names, job_id=job_id or uuid4(), requested_by_id=None
    )


def row(instance: Instance, name: str = BASE) -> SolutionInstall:
    return SolutionInstall.objects.get(instance=instance, unique_name=name)


def test_what_was_asked_for_is_pending(instance: Instance) -> None:
    job_id = uuid4()
    assert request(instance, PORTAL, BASE, job_id=job_id) == [PORTAL, BASE]
    assert (row(instance).state, row(instance).version, row(instance).job_id) == ("pending", VERSION, job_id)


def test_an_installed_solution_is_not_asked_for_again(instance: Instance) -> None:
    installations.installed(instance_id=instance.id, unique_name=BASE, version=VERSION)
    assert request(instance, BASE) == []
    assert row(instance).state == "installed"


def test_an_older_version_is_asked_for_again(instance: Instance) -> None:
    installations.installed(instance_id=instance.id, unique_name=BASE, version="8.9.9.9")
    assert request(instance, BASE) == [BASE]
    assert row(instance).version == VERSION


def test_a_newer_version_is_left_alone(instance: Instance) -> None:
    installations.installed(instance_id=instance.id, unique_name=BASE, version="10.0.0.0")
    assert request(instance, BASE) == []


def test_what_another_job_has_in_hand_stays_with_it(instance: Instance) -> None:
    first = uuid4()
    request(instance, BASE, job_id=first)
    assert request(instance, BASE) == []
    assert row(instance).job_id == first


def test_an_unknown_solution_cannot_be_asked_for(instance: Instance) -> None:
    with pytest.raises(UnknownSolution):
        request(instance, BASE, "Nothing")
    assert not SolutionInstall.objects.exists()


def test_a_job_takes_a_solution_in_hand_once(instance: Instance) -> None:
    job_id = uuid4()
    request(instance, BASE, job_id=job_id)
    assert installations.installing(instance_id=instance.id, unique_name=BASE, version=VERSION, job_id=job_id)
    assert not installations.installing(
        instance_id=instance.id, unique_name=BASE, version=VERSION, job_id=job_id
    )
    assert row(instance).state == "installing"


def test_the_job_that_works_on_a_solution_is_its_job(instance: Instance) -> None:
    request(instance, BASE)
    second = uuid4()
    installations.installing(instance_id=instance.id, unique_name=BASE, version=VERSION, job_id=second)
    assert row(instance).job_id == second


def test_installed_is_written_once(instance: Instance) -> None:
    assert installations.installed(instance_id=instance.id, unique_name=BASE, version=VERSION)
    assert not installations.installed(instance_id=instance.id, unique_name=BASE, version=VERSION)


def test_a_failed_job_fails_what_it_had_in_hand(instance: Instance) -> None:
    job_id = uuid4()
    request(instance, BASE, PORTAL, job_id=job_id)
    installations.installed(instance_id=instance.id, unique_name=BASE, version=VERSION)
    assert installations.job_failed(job_id=job_id, reason="It rains.", error_id="0A1B2C3D") == 1
    failed = row(instance, PORTAL)
    assert (failed.state, failed.reason, failed.error_id) == ("failed", "It rains.", "0A1B2C3D")
    assert row(instance).state == "installed"


def test_a_failure_without_words_still_has_a_reason(instance: Instance) -> None:
    job_id = uuid4()
    request(instance, BASE, job_id=job_id)
    installations.job_failed(job_id=job_id, reason="")
    assert row(instance).reason == "The installation failed."


def test_a_new_request_forgets_the_failure(instance: Instance) -> None:
    job_id = uuid4()
    request(instance, BASE, job_id=job_id)
    installations.job_failed(job_id=job_id, reason="It rains.")
    assert request(instance, BASE) == [BASE]
    assert row(instance).reason == ""


def test_every_change_can_be_noticed(instance: Instance) -> None:
    job_id = uuid4()
    request(instance, BASE, job_id=job_id)
    before = row(instance).revision
    installations.installing(instance_id=instance.id, unique_name=BASE, version=VERSION, job_id=job_id)
    assert row(instance).revision > before


class TestRetry:
    @pytest.fixture(autouse=True)
    def _toys(self) -> Iterator[None]:
        toys.register()
        yield
        registry.unregister(toys.KIND, 1)

    @pytest.fixture
    def failed_job(self, instance: Instance, tmp_path: Path) -> Job:
        """A job that failed with both solutions in hand."""
        inputs = {"steps": ["refuse:permanent"], "world": str(tmp_path)}
        job = services.enqueue(kind=toys.KIND, inputs=inputs)
        request(instance, BASE, PORTAL, job_id=job.id)
        runner.run(job.id)
        installations.job_failed(job_id=job.id, reason="Never.")
        return job

    def test_it_restarts_the_job(self, instance: Instance, failed_job: Job, nobody: User) -> None:
        new = installations.retry(instance_id=instance.id, unique_name=PORTAL, requested_by=nobody)
        assert (new.restart_of, new.requested_by) == (failed_job, nobody)

    def test_all_that_the_job_had_in_hand_is_pending_again(
        self, instance: Instance, failed_job: Job, nobody: User
    ) -> None:
        new = installations.retry(instance_id=instance.id, unique_name=PORTAL, requested_by=nobody)
        found = SolutionInstall.objects.values_list("state", "job_id", "requested_by")
        assert set(found) == {("pending", new.id, nobody.pk)}

    def test_a_second_retry_finds_nothing(self, instance: Instance, failed_job: Job, nobody: User) -> None:
        installations.retry(instance_id=instance.id, unique_name=PORTAL, requested_by=nobody)
        with pytest.raises(NothingToRetry):
            installations.retry(instance_id=instance.id, unique_name=PORTAL, requested_by=nobody)

    def test_what_did_not_fail_is_not_retried(self, instance: Instance, nobody: User) -> None:
        installations.installed(instance_id=instance.id, unique_name=BASE, version=VERSION)
        with pytest.raises(NothingToRetry):
            installations.retry(instance_id=instance.id, unique_name=BASE, requested_by=nobody)

    def test_a_job_that_is_gone_is_replaced_by_one_for_this_solution(
        self, instance: Instance, nobody: User
    ) -> None:
        job_id = uuid4()
        request(instance, BASE, job_id=job_id)
        installations.job_failed(job_id=job_id, reason="It rains.")
        job = installations.retry(instance_id=instance.id, unique_name=BASE, requested_by=nobody)
        assert (job.kind, job.inputs["unique_name"]) == (installations.KIND, BASE)
        assert (row(instance).state, row(instance).job_id) == ("pending", job.id)

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from jobs import drill, ledger, retention, runner, services, tasks
from jobs.models import Job, JobEvent, JobStep, Resource
from provisioning.models import Portal, PortalType, TermsAcceptance
from tests.jobs.conftest import Enqueue

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)


def age(job: Job, days: int) -> Job:
    """As if it had run so many days ago."""
    moment = timezone.now() - timedelta(days=days)
    changes = {"created_at": moment}
    if not Job.objects.get(pk=job.id).is_active:
        changes["finished_at"] = moment
    Job.objects.filter(pk=job.id).update(**changes)
    job.refresh_from_db()
    return job


@pytest.fixture
def old(enqueue: Enqueue) -> Job:
    job = enqueue("note", "note")
    runner.run(job.id)
    return age(job, 400)


def left() -> set[object]:
    return set(Job.objects.values_list("id", flat=True))


def test_an_old_job_goes_with_its_steps_and_events(old: Job) -> None:
    assert retention.purge(older_than=YEAR) == retention.Purged(removed=1, kept=0)
    assert not Job.objects.exists()
    assert not JobStep.objects.exists()
    assert not JobEvent.objects.exists()


def test_a_young_one_stays(enqueue: Enqueue) -> None:
    job = enqueue("note")
    runner.run(job.id)
    age(job, 364)
    assert retention.purge(older_than=YEAR).removed == 0
    assert left() == {job.id}


@pytest.mark.parametrize("step", ["refuse:not-yet", "refuse:transient"])
def test_one_that_goes_on_stays_however_old_it_is(enqueue: Enqueue, step: str) -> None:
    waiting, queued = enqueue(step), enqueue("note")
    runner.run(waiting.id)
    age(waiting, 4000)
    age(queued, 4000)
    assert retention.purge(older_than=YEAR) == retention.Purged(removed=0, kept=0)
    assert left() == {waiting.id, queued.id}


def test_one_that_ran_for_long_is_as_old_as_its_end(enqueue: Enqueue) -> None:
    job = enqueue("note")
    runner.run(job.id)
    Job.objects.filter(pk=job.id).update(created_at=timezone.now() - timedelta(days=400))
    assert retention.purge(older_than=YEAR).removed == 0


def test_every_end_counts(enqueue: Enqueue) -> None:
    for step in ("refuse:permanent", "refuse:blocked"):
        job = enqueue(step)
        runner.run(job.id)
        age(job, 400)
    cancelled = enqueue("note")
    services.cancel(job_id=cancelled.id, requested_by=None)
    age(cancelled, 400)
    assert retention.purge(older_than=YEAR).removed == 3


@pytest.mark.parametrize("field", ["provision_job", "packages_job"])
def test_a_portal_s_present_job_stays(old: Job, field: str) -> None:
    Portal.objects.create(type=PortalType.PRODUCTION, **{field: old})
    assert retention.purge(older_than=YEAR) == retention.Purged(removed=0, kept=1)
    assert left() == {old.id}


def test_the_job_of_a_consent_stays(old: Job, nobody: User) -> None:
    portal = Portal.objects.create(type=PortalType.PRODUCTION)
    TermsAcceptance.objects.create(portal=portal, job=old, user=nobody, user_email=nobody.email)
    assert retention.purge(older_than=YEAR).kept == 1


def test_a_job_whose_resources_are_there_stays_until_they_are_released(old: Job) -> None:
    row = ledger.plan(
        job_id=old.id, exclusive_key="portal:1", kind="site", name="a", scope=Resource.Scope.HOSTED
    )
    ledger.made(row, external_id="4711")
    assert retention.purge(older_than=YEAR) == retention.Purged(removed=0, kept=1)
    ledger.released(row)
    assert retention.purge(older_than=YEAR) == retention.Purged(removed=1, kept=0)
    assert not Resource.objects.exists()


def test_an_attempt_outlives_the_one_that_it_restarted(enqueue: Enqueue) -> None:
    first = enqueue("refuse:permanent")
    runner.run(first.id)
    second = services.restart(job_id=first.id, requested_by=None)
    age(first, 400)
    assert retention.purge(older_than=YEAR).removed == 1
    second.refresh_from_db()
    assert second.restart_of is None


def test_many_are_removed_in_batches_around_those_that_stay(enqueue: Enqueue) -> None:
    jobs = [enqueue("note") for _ in range(7)]
    for job in jobs:
        runner.run(job.id)
        age(job, 400)
    Portal.objects.create(type=PortalType.PRODUCTION, provision_job=jobs[0])
    assert retention.purge(older_than=YEAR, batch=2) == retention.Purged(removed=6, kept=1)
    assert left() == {jobs[0].id}


@pytest.mark.django_db(transaction=True)
def test_a_job_that_somebody_holds_is_left_to_the_next_night(enqueue: Enqueue) -> None:
    jobs = [enqueue("note") for _ in range(3)]
    for job in jobs:
        runner.run(job.id)
        age(job, 400)

    def purge_elsewhere() -> retention.Purged:
        try:
            return retention.purge(older_than=YEAR, batch=1)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        Job.objects.select_for_update().get(pk=jobs[1].id)
        assert other.submit(purge_elsewhere).result().removed == 2
    assert left() == {jobs[1].id}
    assert retention.purge(older_than=YEAR).removed == 1


def test_what_a_killed_drill_left_goes_the_same_night(enqueue: Enqueue) -> None:
    stale, fresh = enqueue("note"), enqueue("note")
    Job.objects.all().update(kind=drill.KIND)
    Job.objects.filter(pk=stale.id).update(created_at=timezone.now() - timedelta(days=1))
    assert retention.purge(older_than=YEAR).removed == 1
    assert left() == {fresh.id}


def test_the_command_counts_before_it_removes(old: Job, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("purge_jobs", "--dry-run")
    assert "Would remove 1 jobs" in capsys.readouterr().out
    assert left() == {old.id}
    call_command("purge_jobs", "--older-than", "401")
    assert left() == {old.id}
    call_command("purge_jobs", "--older-than", "399")
    assert "Removed 1 jobs" in capsys.readouterr().out
    assert left() == set()


@pytest.mark.parametrize("days", ["0", "-1", "some", "²"])
def test_the_command_wants_a_number_of_days(days: str) -> None:
    with pytest.raises(CommandError, match="days"):
        call_command("purge_jobs", f"--older-than={days}")


def test_the_scheduler_s_task_keeps_a_year(old: Job, enqueue: Enqueue) -> None:
    young = enqueue("note")
    runner.run(young.id)
    age(young, 300)
    tasks.purge()
    assert left() == {young.id}

"""Why a job that is due does not begin: told by the database alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from jobs import runner, services, standstill, transitions
from jobs.models import Job, Worker
from jobs.owner import Owner
from jobs.standstill import Standstill
from jobs.worker import say_alive
from tests.jobs.conftest import Enqueue

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(db: None) -> None:
    say_alive()


def of(job: Job) -> Standstill | None:
    job.refresh_from_db()
    return standstill.of(job, timezone.now())


@pytest.mark.usefixtures("worker")
def test_nothing_keeps_a_job_that_was_rung_for(enqueue: Enqueue) -> None:
    assert of(enqueue("note")) is None


@pytest.mark.usefixtures("worker")
def test_a_bell_that_nobody_took_is_the_brokers(enqueue: Enqueue) -> None:
    job = enqueue("note")
    Job.objects.filter(pk=job.pk).update(rung_at=None, rings=0)
    assert of(job) is Standstill.BROKER


@pytest.mark.usefixtures("worker")
def test_while_the_bell_is_tried_again_the_page_does_not_change_its_mind(enqueue: Enqueue) -> None:
    job, now = enqueue("note"), timezone.now()
    for ago in (1, 60):
        Job.objects.filter(pk=job.pk).update(run_at=now - timedelta(seconds=ago), rung_at=now, rings=1)
        assert of(job) is Standstill.BROKER
    Job.objects.filter(pk=job.pk).update(rung_at=now - standstill.RINGING, rings=1)
    assert of(job) is None  # it was heard: the job waits for a worker that is free


@pytest.mark.usefixtures("worker")
def test_a_job_that_comes_due_again_is_rung_for_within_a_moment(enqueue: Enqueue) -> None:
    job, now = enqueue("note"), timezone.now()
    Job.objects.filter(pk=job.pk).update(state="waiting", claims=1, rung_at=None, rings=0, run_at=now)
    assert of(job) is None
    Job.objects.filter(pk=job.pk).update(run_at=now - timedelta(seconds=5))
    assert of(job) is Standstill.BROKER
    Job.objects.filter(pk=job.pk).update(run_at=now + timedelta(seconds=5))
    assert of(job) is None


def test_without_a_worker_that_is_alive_it_is_the_workers(enqueue: Enqueue) -> None:
    job = enqueue("note")
    assert of(job) is Standstill.WORKERS
    say_alive()
    Worker.objects.update(seen_at=timezone.now() - standstill.WORKER_SEEN - timedelta(seconds=1))
    assert of(job) is Standstill.WORKERS


@pytest.mark.usefixtures("worker")
def test_a_serial_key_that_another_job_holds_is_waited_for(enqueue: Enqueue) -> None:
    first, second = (enqueue("note", serial_key="organization:1") for _ in range(2))
    transitions.claim(first.id, owner=Owner.here())
    assert of(second) is Standstill.TURN
    assert of(first) is None


def test_whatever_is_at_work_or_has_ended_stands_still_for_nobody(enqueue: Enqueue) -> None:
    job = enqueue("note")
    runner.run(job.id)
    assert of(job) is None
    cancelled = enqueue("note")
    services.cancel(job_id=cancelled.id, requested_by=None)
    assert of(cancelled) is None


def test_the_page_says_so_and_hears_when_it_is_over(
    enqueue: Enqueue, global_admin: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    job, browser = enqueue("note"), Client(HTTP_HOST="localhost")
    browser.force_login(global_admin)
    html = browser.get(f"/jobs/{job.id}/").content.decode()
    assert 'data-standstill="workers"' in html
    assert "Nothing is lost" in html
    address = html.split('hx-get="')[1].split('"')[0]
    with django_assert_max_num_queries(5):  # session, person, job, directory roles, workers
        assert browser.get(address).status_code == 204
    say_alive()
    html = browser.get(address).content.decode()
    assert "data-standstill" not in html
    assert "will begin as soon as a worker is free" in html

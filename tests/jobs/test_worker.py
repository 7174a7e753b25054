"""A real Celery worker on the real broker, killed with kill -9 in the middle of a step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from jobs import doorbell, queries
from jobs.models import Job, Worker
from jobs.states import JobState
from tests.jobs.conftest import Enqueue
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

StartWorker = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[StartWorker]:
    """Starts workers on the test's database and waits until they are ready; all of them end with the test."""
    database = (
        urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    )
    environ = {**os.environ, "DATABASE_URL": database}
    options = [
        "--pool",
        "prefork",
        "--concurrency",
        "1",
        "--without-mingle",
        "--without-gossip",
        "--loglevel",
        "INFO",
    ]
    workers: list[subprocess.Popen[bytes]] = []
    log = (tmp_path / "worker.log").open("ab")

    def start() -> subprocess.Popen[bytes]:
        known = set(Worker.objects.values_list("owner", flat=True))
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.toyworker", "worker", *options],
            cwd=settings.BASE_DIR,
            env=environ,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        workers.append(worker)
        until(lambda: set(Worker.objects.values_list("owner", flat=True)) - known, what="the worker")
        return worker

    yield start
    for worker in workers:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    log.close()


def state_of(job: Job) -> str:
    return str(Job.objects.values_list("state", flat=True).get(pk=job.id))


def child_of(job: Job) -> int:
    """The pid of the pool process that holds the job."""
    return int(Job.objects.values_list("lease_owner", flat=True).get(pk=job.id).rsplit("/", 2)[1])


def world_of(job: Job) -> Path:
    return Path(job.inputs["world"])


def test_a_job_whose_worker_process_is_killed_goes_on_at_its_step(
    enqueue: Enqueue, start_worker: StartWorker
) -> None:
    start_worker()
    job = enqueue("note:before", "hold", "note:after")
    until(lambda: (world_of(job) / "holding").exists(), what="the step")
    os.kill(child_of(job), signal.SIGKILL)
    (world_of(job) / "go").touch()
    until(lambda: state_of(job) == JobState.SUCCEEDED, what="the job's end")
    before, held, after = job.steps.all()
    assert [step.attempt for step in (before, held, after)] == [1, 2, 1]
    runs = {
        step.name: len((world_of(job) / str(step.op_key)).read_text().splitlines()) for step in (before, held)
    }
    assert runs == {"note": 1, "hold": 2}
    assert "lease-lost" in job.events.values_list("name", flat=True)


def test_a_job_survives_its_whole_worker(enqueue: Enqueue, start_worker: StartWorker) -> None:
    worker = start_worker()
    job = enqueue("note", "hold", "note")
    until(lambda: (world_of(job) / "holding").exists(), what="the step")
    os.kill(worker.pid, signal.SIGKILL)  # the main process alone: its pool process must not outlive it
    worker.wait()
    (world_of(job) / "go").touch()
    start_worker()
    until(lambda: state_of(job) == JobState.SUCCEEDED, what="the job's end")
    assert job.steps.get(index=1).attempt <= 2


def test_a_message_that_came_three_times_runs_the_job_once(
    enqueue: Enqueue, start_worker: StartWorker
) -> None:
    job = enqueue("note", "note")
    for _ in range(2):
        assert doorbell.ring(job.id)
    start_worker()
    until(lambda: state_of(job) == JobState.SUCCEEDED, what="the job's end")
    assert [step.attempt for step in job.steps.all()] == [1, 1]


def test_a_worker_that_is_told_to_go_finishes_its_step_and_gives_the_rest_back(
    enqueue: Enqueue, start_worker: StartWorker
) -> None:
    worker = start_worker()
    job = enqueue("hold", "note")
    until(lambda: (world_of(job) / "holding").exists(), what="the step")
    os.kill(worker.pid, signal.SIGTERM)
    until(lambda: state_of(job) == JobState.WAITING, what="the release")
    worker.wait(timeout=20)
    assert "released" in job.events.values_list("name", flat=True)
    (world_of(job) / "go").touch()
    start_worker()
    until(lambda: state_of(job) == JobState.SUCCEEDED, what="the job's end")


def test_an_alarm_sounds_over_a_job_that_nobody_takes(
    start_worker: StartWorker, enqueue: Enqueue, tmp_path: Path
) -> None:
    job = enqueue("note")
    # Of a release that no worker here knows, and due for longer than anybody should wait.
    Job.objects.filter(pk=job.id).update(definition=2, run_at=job.run_at - 2 * queries.LATE)
    start_worker()
    log = tmp_path / "worker.log"
    until(lambda: f"ALARM: job {job.id} (toy) is due for" in log.read_text(), what="the alarm")

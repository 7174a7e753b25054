"""What people do: cancel, deploy, two releases at once, many at the same moment."""

from __future__ import annotations

import os
import signal
import threading
from itertools import pairwise

import pytest
from django.db import connection
from django.db.models import F

from accounts.models import User
from jobs import services
from jobs.models import Job, JobEvent
from jobs.states import JobState
from tests.faults.crew import Crew, all_succeed, holding, reaches, read, runs, world
from tests.jobs.conftest import Enqueue
from tests.waiting import until


def test_sixteen_at_once_and_the_losers_are_told(crew: Crew, enqueue: Enqueue, nobody: User) -> None:
    barrier, winners, losers = threading.Barrier(16), [], []

    def call() -> None:
        barrier.wait()
        try:
            winners.append(enqueue("note", exclusive_key="thing:1", requested_by=nobody))
        except services.AlreadyActive as error:
            losers.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(winners), len(losers)) == (1, 15)
    told = f"Nobody Nowhere started this already, at {winners[0].created_at:%H:%M:%S} UTC"
    assert all(told in str(error) and error.job == winners[0] for error in losers)
    crew.start()
    all_succeed(winners)


def test_twenty_on_one_serial_key_are_done_one_at_a_time(crew: Crew, enqueue: Enqueue) -> None:
    crew.start()
    crew.start()
    jobs = [enqueue("slow:0.05", "make", serial_key="organization:1") for _ in range(20)]
    all_succeed(jobs, seconds=40)
    spans = sorted(Job.objects.values_list("started_at", "finished_at"))
    assert all(end and start and end <= start for (_, end), (start, _) in pairwise(spans))


@pytest.mark.parametrize("state", ["queued", "waiting", "running", "holder died", "ended"])
def test_cancelled_in_every_state(crew: Crew, enqueue: Enqueue, state: str) -> None:
    if state == "queued":
        job = enqueue("note")
        assert services.cancel(job_id=job.id, requested_by=None) is JobState.CANCELLED
        crew.start()
        assert runs(job) == 0
        return
    worker = crew.start()
    job = enqueue({"waiting": "refuse:asked", "ended": "note"}.get(state, "hold"), "note")
    if state == "ended":
        all_succeed([job])
        with pytest.raises(services.NotCancellable):
            services.cancel(job_id=job.id, requested_by=None)
        return
    if state == "waiting":
        reaches(job, JobState.WAITING)
        assert services.cancel(job_id=job.id, requested_by=None) is JobState.CANCELLED
        return
    pid = holding(job)
    if state == "holder died":
        os.kill(pid, signal.SIGSTOP)
    assert services.cancel(job_id=job.id, requested_by=None) is JobState.CANCELLING
    if state == "holder died":
        crew.kill(worker)
        crew.start()
    job = reaches(job, JobState.CANCELLED)
    assert (runs(job, 0), runs(job, 1)) == (1, 0)


def test_a_deploy_gives_steps_back_or_finishes_them(crew: Crew, enqueue: Enqueue) -> None:
    worker = crew.start()
    asks, deaf = enqueue("hold", "note"), enqueue("slow:2", "note")
    holding(asks)
    until(lambda: runs(deaf), what="the second step")
    os.kill(worker.pid, signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    # One was given back within its step, the other after its step was done.
    assert [(read(job).state, read(job).cursor) for job in (asks, deaf)] == [("waiting", 0), ("waiting", 1)]
    assert JobEvent.objects.filter(name="released").count() == 2
    (world(asks) / "go").touch()
    crew.start()
    all_succeed([asks, deaf], seconds=10)
    assert runs(deaf) == 1


def test_two_releases_at_once_each_do_their_own_jobs(crew: Crew, enqueue: Enqueue) -> None:
    jobs = [enqueue("note", "make") for _ in range(12)]
    newer = [job.id for job in jobs[::2]]
    Job.objects.filter(pk__in=newer).update(definition=2)
    crew.start()
    old_release = set(Job.objects.filter(definition=1).values_list("id", flat=True))
    until(lambda: Job.objects.filter(pk__in=old_release, state="succeeded").count() == 6, what="version 1")
    assert not Job.objects.filter(pk__in=newer, claims__gt=0).exists()
    crew.start(TOY_VERSION="2")
    all_succeed(jobs, seconds=20)
    assert not Job.objects.exclude(claims=F("fence")).exists()

"""The broker is down, hangs, forgets everything, comes and goes. It is only the doorbell."""

from __future__ import annotations

import signal
import time

from jobs import doorbell
from portaladmin.celery import app
from tests.faults.crew import Crew, all_succeed, read, runs
from tests.faults.servers import Server
from tests.jobs.conftest import Enqueue
from tests.waiting import until


def test_flushall_before_and_under_work(crew: Crew, enqueue: Enqueue, valkey: Server) -> None:
    jobs = [enqueue("note", "make") for _ in range(10)]
    valkey.ask("FLUSHALL")
    assert doorbell.backlog() == 0
    crew.start()
    jobs += [enqueue("slow:0.2", "make") for _ in range(10)]
    until(lambda: read(jobs[10]).claims, what="the first job")
    valkey.ask("FLUSHALL")
    all_succeed(jobs, seconds=20)
    assert {runs(job) for job in jobs} == {1}


def test_down_and_back_empty(crew: Crew, enqueue: Enqueue, valkey: Server) -> None:
    crew.start()
    valkey.kill()
    began = time.monotonic()
    jobs = [enqueue("note") for _ in range(3)]
    took = (time.monotonic() - began) / 3
    valkey.start()
    all_succeed(jobs)
    assert took < 1, f"{took:.2f} s"


def test_hung(crew: Crew, enqueue: Enqueue, valkey: Server) -> None:
    crew.start()
    valkey.send(signal.SIGSTOP)
    began = time.monotonic()
    job = enqueue("note")
    took = time.monotonic() - began
    valkey.send(signal.SIGCONT)
    all_succeed([job])
    assert took < 3, f"{took:.2f} s"


def test_six_restarts_in_a_row_under_load(crew: Crew, enqueue: Enqueue, valkey: Server) -> None:
    crew.start()
    jobs = []
    for _ in range(6):
        jobs += [enqueue("note", "make") for _ in range(5)]
        valkey.restart()
    jobs.append(enqueue("note"))
    all_succeed(jobs, seconds=40)
    assert {runs(job) for job in jobs} == {1}


def test_every_message_three_times(crew: Crew, enqueue: Enqueue) -> None:
    crew.start()
    jobs = [enqueue("note", "make") for _ in range(10)]
    for job in [*jobs, *jobs]:
        assert doorbell.ring(job.id)
    all_succeed(jobs)
    assert {(runs(job), read(job).claims) for job in jobs} == {(1, 1)}


def test_a_worker_that_does_not_hear_any_more_goes(crew: Crew, enqueue: Enqueue) -> None:
    worker = crew.start()
    assert app.control.cancel_consumer(app.conf.task_default_queue, reply=True, timeout=10)
    job = enqueue("note")
    assert until(worker.poll, seconds=30, what="the worker's end") == 75
    crew.start()
    all_succeed([job])

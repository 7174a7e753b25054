"""PostgreSQL is restarted under load, loses answers, has no space left."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.models import Job
from jobs.states import JobState
from portaladmin.up import places
from tests.faults.crew import Crew, all_succeed, database_url, read, runs
from tests.faults.proxy import Proxy
from tests.faults.servers import Server
from tests.jobs.conftest import Enqueue
from tests.waiting import until


def done() -> int:
    return Job.objects.filter(state=JobState.SUCCEEDED).count()


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGKILL])
def test_restarted_at_once_under_load(
    crew: Crew, enqueue: Enqueue, postgres: Server, number: signal.Signals
) -> None:
    crew.start()
    jobs = [enqueue("note", "slow:0.1", "make", "write") for _ in range(30)]
    held = enqueue("hold", "note")
    for finished in (3, 15):
        until(lambda finished=finished: done() >= finished, what=f"{finished} jobs")  # type: ignore[misc]
        postgres.restart(number)
    (crew.folder / "go").touch()
    all_succeed([*jobs, held], seconds=30)
    # Whatever the crash took back was not said to be done; no lease had to run out for it.
    assert not Job.objects.filter(error_code="quarantined").exists()
    assert read(held).claims <= 2
    assert sum(job.events.filter(name="written").count() for job in jobs) == len(jobs)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(Path(folder), places.socket_dir(Path(os.environ["DATA_DIR"])) / ".s.PGSQL.5432")
        yield proxy
        proxy.close()


@pytest.mark.parametrize("event", ["claimed", "advanced", "succeeded", "paused", "failed"])
def test_a_commit_whose_answer_is_lost(crew: Crew, enqueue: Enqueue, proxy: Proxy, event: str) -> None:
    crew.start(DATABASE_URL=database_url(proxy.folder))
    proxy.lose_answer_to(event)
    last = {"paused": "cut", "failed": "refuse:permanent"}.get(event, "note")
    job = enqueue("note", "write", last)
    ending = JobState.FAILED if event == "failed" else JobState.SUCCEEDED
    until(lambda: read(job).state == ending, seconds=15, what=f"{ending}, not {read(job).state}")
    assert proxy.lost == 1
    job = read(job)
    assert (runs(job), job.events.filter(name="written").count()) == (1, 1)
    # Nobody was charged, and nobody had to wait for a lease.
    assert (job.claims, job.events.filter(name="lease-lost").count()) == (2 if event == "paused" else 1, 0)

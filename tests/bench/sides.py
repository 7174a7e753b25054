"""The sides of a comparison. Each does so many pieces when told, and says how many seconds one took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import redis
from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.models import Count, Max

from jobs import doorbell, services
from jobs.models import Job
from jobs.states import ACTIVE, JobState
from portaladmin import processes
from tests.bench.kinds import KIND, NO_OP
from tests.waiting import until

WORKERS = 2
PARKED = "bench.parked"
WITHIN = 120.0  # seconds, for anything


class Worker:
    """The product's own worker, which knows the bench's kinds too."""

    def __init__(self, log: Path) -> None:
        words = processes.WORKER.arguments({"WORKER_CONCURRENCY": str(WORKERS)})
        words[words.index("info")] = "warning"  # a line a task is no part of what is measured
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *words[1:], "--include", "tests.bench.kinds"],
                cwd=settings.BASE_DIR,
                env={**os.environ, "LOG_LEVEL": "WARNING"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)


def _park(messages: Sequence[tuple[str, str]]) -> None:
    """Send messages to a queue that nobody listens to."""
    for task, argument in messages:
        current_app.send_task(task, args=[argument], queue=PARKED)


def _release() -> float:
    """Give the parked messages to the worker, all at the same moment: which one it was."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.rename(PARKED, settings.CELERY_TASK_DEFAULT_QUEUE)
    return time.time()


def no_ops(pieces: int) -> float:
    """Celery's own tasks, which do nothing and remember nothing."""
    _park([(NO_OP, str(number)) for number in range(pieces)])
    begun = _release()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        until(lambda: client.llen(settings.CELERY_TASK_DEFAULT_QUEUE) == 0, seconds=WITHIN, what="the no-ops")
    return (time.time() - begun) / pieces


def jobs_waiting(pieces: int) -> float:
    """Jobs of six steps that are written down already: claim, steps, end."""
    ids = [_enqueue(bell=False) for _ in range(pieces)]
    _park([(doorbell.TASK, str(job_id)) for job_id in ids])
    return _done_after(_release(), ids) / pieces


def jobs_whole(pieces: int) -> float:
    """The same from the call to the end: written down here, while the workers do them."""
    begun = time.time()
    return _done_after(begun, [_enqueue() for _ in range(pieces)]) / pieces


def enqueues(pieces: int) -> float:
    """Writing jobs down and ringing for them; nobody listens yet."""
    begun = time.perf_counter()
    for _ in range(pieces):
        _enqueue()
    return (time.perf_counter() - begun) / pieces


def publishes(pieces: int) -> float:
    """Sending a no-op."""
    begun = time.perf_counter()
    for number in range(pieces):
        current_app.send_task(NO_OP, args=[str(number)])
    return (time.perf_counter() - begun) / pieces


def _enqueue(*, bell: bool = True) -> UUID:
    if bell:
        return services.enqueue(kind=KIND, inputs={}).id
    ring = doorbell.ring
    try:
        mute()
        return services.enqueue(kind=KIND, inputs={}).id
    finally:
        doorbell.ring = ring


def mute() -> None:
    """From here on this process rings for nothing."""
    doorbell.ring = lambda job_id: True


def _done_after(begun: float, ids: Sequence[UUID]) -> float:
    """Seconds from that moment to the end of the last job.

    The rows say when that was, so it is enough to look now and then: looking costs what is measured.
    """
    active = Job.objects.filter(state__in=[state.value for state in ACTIVE])
    end = time.monotonic() + WITHIN
    while active.exists():
        if time.monotonic() > end:
            raise AssertionError(f"The jobs took more than {WITHIN:.0f} s.")
        time.sleep(0.1)
    succeeded = Job.objects.filter(pk__in=ids, state=JobState.SUCCEEDED.value)
    found = succeeded.aggregate(count=Count("id"), last=Max("finished_at"))
    assert found["count"] == len(ids)
    return float(found["last"].timestamp() - begun)


def start_anew() -> None:
    """No jobs, no messages."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE jobs_job CASCADE")
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(settings.CELERY_TASK_DEFAULT_QUEUE, PARKED)


class Dbos:
    """As many processes as our worker has, with threads each, since most of its time is waiting for PostgreSQL."""

    def __init__(self, log: Path, *, threads: int, name: str = "dbos") -> None:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
        url = os.environ["DATABASE_URL"].replace("/portaladmin?", f"/{name}?")
        self._processes: list[subprocess.Popen[str]] = []
        for number in range(WORKERS):
            with log.open("ab") as errors:
                process = subprocess.Popen(
                    [sys.executable, "-m", "tests.bench.dbosworker", f"{name}-{number}", url, str(threads)],
                    cwd=settings.BASE_DIR,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                )
            self._processes.append(process)
            # One after the other, since the first makes the tables.
            self._answer(process, "ready")

    def workflows(self, pieces: int) -> float:
        """Workflows of six steps, from the call to the end."""
        begun = time.perf_counter()
        for process in self._processes:
            assert process.stdin
            process.stdin.write(f"{pieces // WORKERS}\n")
            process.stdin.flush()
        for process in self._processes:
            self._answer(process, "done")
        return (time.perf_counter() - begun) / (pieces // WORKERS * WORKERS)

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()

    def _answer(self, process: subprocess.Popen[str], word: str) -> None:
        assert process.stdout
        said = process.stdout.readline().strip()
        if said != word:
            raise RuntimeError(f"DBOS said {said!r}, not {word!r}.")


class Probe:
    """A process that measures the engine on a database of that address."""

    def __init__(self, url: str, log: Path) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.probe"],
                cwd=settings.BASE_DIR,
                env={**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "WARNING"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def ask(self, what: str, pieces: int) -> float:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{what} {pieces}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

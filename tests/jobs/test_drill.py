"""The drill on real servers: that it holds, that it tells when something does not, that it disturbs nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from jobs import drill, reconciler, registry, retention, runner, services
from jobs.drill import crew, mailbox, toys
from jobs.drill.exercises import EXERCISES
from jobs.models import Job, JobEvent, Worker
from jobs.owner import Owner, processes_of
from portaladmin import processes
from tests.jobs.conftest import Enqueue
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Run]:
    """Starts a Python program on the test's database; nothing of it outlives the test."""
    database = (
        urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    )
    environ = {**os.environ, "DATABASE_URL": database, "DATA_DIR": str(tmp_path / "data")}
    environ["DJANGO_SETTINGS_MODULE"] = "portaladmin.settings"
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def output_of(process: subprocess.Popen[str], *, status: int) -> str:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == status, output
    return output


def rows() -> dict[str, list[dict[str, Any]]]:
    return {
        "jobs": [dict(row) for row in Job.objects.order_by("id").values()],
        "events": [dict(row) for row in JobEvent.objects.order_by("id").values()],
        "workers": [dict(row) for row in Worker.objects.order_by("pk").values()],
    }


def holders() -> list[Owner]:
    """Pool processes that hold a job: they end a moment after their worker, and may write until then."""
    return [
        Owner.parse(text)
        for text in Job.objects.exclude(lease_owner="").values_list("lease_owner", flat=True)
    ]


def keys_of_the_drill() -> list[bytes]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        keys = list(client.scan_iter(match="*"))
        bound = [name for key in keys if client.type(key) == b"set" for name in client.smembers(key)]
    return [name for name in keys + bound if b".drill" in name]


@pytest.fixture
def real_jobs(enqueue: Enqueue) -> dict[str, list[dict[str, Any]]]:
    """Jobs that the installation's own workers would take up at once: due, left by dead workers, out of time."""
    due, left, late = (enqueue("note") for _ in range(3))
    Job.objects.filter(pk=due.id).update(rung_at=None, rings=0)
    Job.objects.filter(pk=left.id).update(
        state="running",
        lease_owner=str(Owner(Owner.here().neighbourhood, 999_999_999, 1)),
        lease_expires_at=timezone.now() - timedelta(hours=1),
    )
    Job.objects.filter(pk=late.id).update(deadline_at=timezone.now() - timedelta(hours=1))
    # A kind that every process of the product knows; the drill's must still leave them alone.
    Job.objects.all().update(kind="provision-portal")
    assert registry.latest("provision-portal")
    return rows()


def test_everything_holds_and_no_real_job_is_touched(start: Run, real_jobs: dict[str, Any]) -> None:
    output = output_of(start("manage.py", "drill"), status=0)
    assert output.count("HELD") == len(EXERCISES)
    assert "BROKEN" not in output
    assert "nothing was lost, nothing was done twice" in output
    assert rows() == real_jobs
    assert keys_of_the_drill() == []


def test_it_holds_beside_the_installation_s_own_worker(start: Run) -> None:
    start(*processes.WORKER.arguments({"WORKER_CONCURRENCY": "1"})[1:], "--loglevel", "critical")
    until(Worker.objects.exists, what="the worker")
    output_of(start("manage.py", "drill", "--only", "kill-process", "flush"), status=0)


@pytest.mark.parametrize(
    ("sabotage", "exercise", "said"),
    [
        ("nobody-recovers", "kill-process", "the end of the jobs: waited"),
        ("nobody-rings-again", "flush", "the end of the jobs: waited"),
        ("no-fence", "zombie", "late word of a process that lost its job was accepted"),
        ("steps-do-not-look", "kill-process", "its effect was made 2 times"),
        ("effects-get-lost", "double", "its effect is lost"),
    ],
)
def test_it_tells_what_was_lost_or_done_twice(start: Run, sabotage: str, exercise: str, said: str) -> None:
    output = output_of(start("-m", "tests.jobs.sabotage", sabotage, exercise), status=1)
    assert "BROKEN" in output
    assert said in output
    assert rows() == {"jobs": [], "events": [], "workers": []}


def test_a_drill_that_is_killed_disturbs_nobody_and_the_next_one_clears_it(
    start: Run, tmp_path: Path
) -> None:
    process = start("manage.py", "drill", "--only", "kill-process")
    running = Job.objects.filter(kind=drill.KIND, state="running")
    until(running.exists, what="a job of the drill")
    workers = [Owner.parse(text) for text in Worker.objects.values_list("owner", flat=True)]
    assert workers
    process.kill()
    process.wait()
    until(lambda: all(process.is_dead() for process in workers + holders()), what="the end of its workers")
    left = Job.objects.get(kind=drill.KIND)
    # The workers of the installation do not know the kind.
    Job.objects.update(lease_expires_at=timezone.now() - timedelta(hours=1))
    before = rows()
    assert reconciler.reconcile() == 0
    assert rows() == before
    assert runner.run(left.id) is runner.Outcome.NOTHING
    # It heard a bell that was not meant for it, and gives it back; nothing else of the job is touched.
    Job.objects.filter(pk=left.id).update(rung_at=left.rung_at, rings=left.rings)
    assert rows() == before
    output_of(start("manage.py", "drill", "--only", "race"), status=0)
    assert not Job.objects.exists()


def test_one_that_is_told_to_go_takes_everything_away(start: Run) -> None:
    process = start("manage.py", "drill", "--only", "poison")
    until(Job.objects.filter(kind=drill.KIND).exists, what="a job of the drill")
    process.send_signal(signal.SIGTERM)
    output_of(process, status=143)
    assert rows() == {"jobs": [], "events": [], "workers": []}
    assert keys_of_the_drill() == []


def test_there_is_one_drill_at_a_time(start: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [drill.LOCK])
        try:
            output = output_of(start("manage.py", "drill"), status=1)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [drill.LOCK])
    assert "Another drill is going on" in output


def test_its_workers_are_started_as_the_installation_s_are() -> None:
    own = crew.command(7)
    real = processes.WORKER.arguments({"WORKER_CONCURRENCY": str(crew.PROCESSES)})
    assert own[1 : len(real)] == real[1:]
    assert own[len(real) :] == ["--hostname", "drill-7@%h", "--include", "jobs.drill.worker"]


def test_a_process_that_is_not_the_drill_s_is_not_signalled(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="not the drill's"):
        crew.Crew(queue="q", log=tmp_path / "log").send(os.getpid(), signal.SIGTERM)


def test_after_the_kill_not_one_process_of_a_worker_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "command", lambda *_: ["/bin/sh", "-c", "sleep 100 & sleep 100"])
    people = crew.Crew(queue="nobody", log=tmp_path / "log")
    people.start()
    (leader,) = people.alive
    until(lambda: len(processes_of({leader})) == 3, what="the shell and what it started")
    people.kill()
    assert not processes_of({leader})


def test_its_queue_is_another_one() -> None:
    assert mailbox.name() != settings.CELERY_TASK_DEFAULT_QUEUE


def test_nobody_else_knows_its_kind() -> None:
    with pytest.raises(registry.UnknownKind):
        registry.latest(drill.KIND)


def test_its_rows_can_be_removed_whatever_became_of_them(enqueue: Enqueue) -> None:
    real = enqueue("note")
    toys.register()
    try:
        services.enqueue(kind=drill.KIND, inputs={"steps": ["make"], "world": "/nowhere"})
    finally:
        registry.unregister(drill.KIND, toys.DRILL.version)
    assert retention.remove_drills() == 1
    assert Job.objects.get() == real

"""Workers in processes of their own, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from jobs.models import Job, Worker
from jobs.states import FINISHED, JobState
from portaladmin.up import places
from tests.waiting import until

_COMMAND = [sys.executable, "-m", "tests.faults.worker", "worker", "--pool", "prefork", "--without-mingle"]
_COMMAND += ["--without-gossip", "--loglevel", "INFO", "--concurrency"]
LEASE = 3.0  # seconds; short, so that what takes one lease does not take a minute


def database_url(host: Path | None = None) -> str:
    """The database of the present test; by another door, if one is given."""
    configured = connection.settings_dict
    there = quote(str(host or configured["OPTIONS"]["host"]), safe="")
    return f"postgresql://{configured['USER']}@/{configured['NAME']}?host={there}&port={places.POSTGRES_PORT}"


class Crew:
    """Starts workers on the test's database; all of them end with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "workers.log"
        self._all: list[subprocess.Popen[bytes]] = []

    def start(self, *, concurrency: int = 2, **environ: str) -> subprocess.Popen[bytes]:
        """One more worker; it is ready when this returns."""
        known = set(Worker.objects.values_list("owner", flat=True))
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                [*_COMMAND, str(concurrency)],
                cwd=settings.BASE_DIR,
                env={
                    **os.environ,
                    "DATABASE_URL": database_url(),
                    "JOBS_LEASE_SECONDS": str(LEASE),
                    "FAULTS": str(self.folder),
                    **environ,
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._all.append(worker)
        until(lambda: self._is_ready(worker, known), what="the worker")
        return worker

    def _is_ready(self, worker: subprocess.Popen[bytes], known: set[str]) -> bool:
        assert worker.poll() is None, self.log.read_text()[-2000:]
        return bool(set(Worker.objects.values_list("owner", flat=True)) - known)

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """The whole group, without a warning."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def end(self) -> None:
        for worker in self._all:
            if worker.poll() is None:
                self.kill(worker)


def read(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def world(job: Job) -> Path:
    return Path(job.inputs["world"])


def holder(job: Job) -> int:
    """The pid of the pool process that holds the job."""
    return int(read(job).lease_owner.rsplit("/", 2)[1])


def holding(job: Job) -> int:
    """Wait until the job is in its step `hold`: the pid of the pool process that holds it."""
    until((world(job) / "holding").exists, what="the step")
    return holder(job)


def reaches(job: Job, state: JobState, *, seconds: float = 20) -> Job:
    until(lambda: read(job).state == state, seconds=seconds, what=f"{state}, not {read(job).state}")
    return read(job)


def all_succeed(jobs: list[Job], *, seconds: float = 30) -> None:
    """Wait until all have ended, and ended well."""
    wanted = [job.pk for job in jobs]
    ends = [state.value for state in FINISHED]
    until(
        lambda: Job.objects.filter(pk__in=wanted, state__in=ends).count() == len(wanted),
        seconds=seconds,
        what="the end of every job",
    )
    badly = Job.objects.filter(pk__in=wanted).exclude(state=JobState.SUCCEEDED)
    assert not [(job.state, job.error_code, job.error_message) for job in badly]


def runs(job: Job, index: int = 0) -> int:
    """How often a step ran, by the lines it left in the outside world."""
    file = world(job) / str(job.steps.get(index=index).op_key)
    return len(file.read_text().splitlines()) if file.exists() else 0

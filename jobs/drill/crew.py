"""The drill's own worker processes: started by it, killed by it, gone with it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from celery import current_app
from django.conf import settings

from jobs.models import Worker
from jobs.owner import prefix_here, processes_of

PROCESSES = 2
GONE_WITHIN = 10.0  # seconds
INCLUDED = ("jobs.drill.worker",)
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def command(number: int, included: Sequence[str] = INCLUDED) -> list[str]:
    """The installation's own command for a worker (portaladmin/processes.py), with a name and a kind of its own."""
    return [
        *(sys.executable, "-m", "celery", "-A", current_app.main, "worker"),
        *("--pool", "prefork", "--concurrency", str(PROCESSES)),
        *("--without-mingle", "--without-gossip", "--loglevel", "info"),
        *("--hostname", f"drill-{number}@%h", "--include", ",".join(included)),
    ]


def _die_with_us() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Crew:
    """The workers of one drill. What they write goes to `log`."""

    def __init__(self, *, queue: str, log: Path, included: Sequence[str] = INCLUDED) -> None:
        self._queue = queue
        self._log = log
        self._included = included
        self._workers: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start one more worker."""
        with self._log.open("ab") as log:
            self._workers.append(
                subprocess.Popen(
                    command(len(self._workers), self._included),
                    cwd=settings.BASE_DIR,
                    env={**os.environ, "CELERY_QUEUE": self._queue},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_die_with_us,
                )
            )

    @property
    def alive(self) -> list[int]:
        """The main processes that run."""
        return [worker.pid for worker in self._workers if worker.poll() is None]

    @property
    def is_ready(self) -> bool:
        """Whether one of them, at least, listens."""
        seen = {int(row.owner.rsplit("/", 2)[1]) for row in self._rows()}
        return any(pid in seen for pid in self.alive)

    def send(self, pid: int, number: signal.Signals) -> None:
        """Signal one of our processes. Raises PermissionError for anybody else's."""
        if os.getsid(pid) not in {worker.pid for worker in self._workers}:
            raise PermissionError(f"Process {pid} is not the drill's.")
        os.kill(pid, number)

    def kill(self) -> None:
        """Kill every worker, whole, and wait until its last process is gone.

        A pool process holds the broker connection of its main process too: while one lives, the broker believes that
        somebody listens, and hands him a message. Raises TimeoutError.
        """
        for worker in self._workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
        end = time.monotonic() + GONE_WITHIN
        while left := processes_of({worker.pid for worker in self._workers}):
            if time.monotonic() > end:
                raise TimeoutError(f"Killed, and still there: {left}")
            time.sleep(0.01)

    def sign_off(self) -> None:
        """They are gone: nobody shall count them among the installation's workers."""
        Worker.objects.filter(pk__in=[row.pk for row in self._rows()]).delete()

    def _rows(self) -> list[Worker]:
        pids = {str(worker.pid) for worker in self._workers}
        rows = Worker.objects.filter(owner__startswith=prefix_here())
        return [row for row in rows if row.owner.rsplit("/", 2)[1] in pids]

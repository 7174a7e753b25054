"""What every worker does beside jobs: it says that it lives, and it reconciles.

Both run in a thread of the worker's main process, so that a pool full of long steps does not stop them.
"""

from __future__ import annotations

import logging
import signal
import socket
import threading
import time
from datetime import timedelta
from typing import Any

from celery import signals
from django.db import DatabaseError, InterfaceError, connection
from django.db.models.functions import Now

from jobs.heartbeat import stopping
from jobs.models import Worker
from jobs.owner import Owner
from jobs.reconciler import reconcile

log = logging.getLogger(__name__)

TICK = 1.0  # seconds between two passes
SEEN = 3.0  # seconds between two signs of life
FORGET = timedelta(hours=1)  # workers that were not seen for so long leave the list


class Steward(threading.Thread):
    """The thread; `stop` ends it."""

    def __init__(self) -> None:
        super().__init__(name="steward", daemon=True)
        self._stop_event = threading.Event()
        self._seen = 0.0

    def run(self) -> None:
        try:
            while not self._stop_event.is_set():
                self._pass()
                self._stop_event.wait(TICK)
            self._forget_self()
        finally:
            connection.close()

    def stop(self) -> None:
        self._stop_event.set()
        self.join(timeout=3)

    def _pass(self) -> None:
        try:
            if time.monotonic() - self._seen >= SEEN:
                say_alive()
                self._seen = time.monotonic()
            reconcile()
        except (DatabaseError, InterfaceError) as error:
            log.warning("The reconciler did not reach the database; it tries again: %s", error)
            connection.close()

    def _forget_self(self) -> None:
        try:
            Worker.objects.filter(pk=str(Owner.here())).delete()
        except (DatabaseError, InterfaceError):
            log.info("The database is gone before the worker said good-bye; its entry grows old by itself.")


def say_alive() -> None:
    """Write this worker's sign of life, by the database's clock, and forget those of long ago."""
    Worker.objects.update_or_create(
        pk=str(Owner.here()),
        defaults={"seen_at": Now()},
        create_defaults={"seen_at": Now(), "started_at": Now(), "host": socket.gethostname()[:100]},
    )
    Worker.objects.filter(seen_at__lt=Now() - FORGET).delete()


_steward: Steward | None = None


@signals.worker_ready.connect
def _begin(**_: Any) -> None:
    global _steward
    _steward = Steward()
    _steward.start()


@signals.worker_shutting_down.connect
def _told_to_go(**_: Any) -> None:
    stopping.set()


@signals.worker_shutdown.connect
def _end(**_: Any) -> None:
    if _steward is not None:
        _steward.stop()


@signals.worker_process_init.connect
def _die_with_parent(**_: Any) -> None:
    """A pool process must not outlive a killed main process: it would hold leases that nobody asked it to."""
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG

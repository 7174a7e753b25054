"""What every worker does beside jobs: it says that it lives, it reconciles, it sounds the alarm, and it notices
when it does not hear the doorbell any more.

All of it runs in a thread of the worker's main process, so that a pool full of long steps does not stop them.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from datetime import timedelta
from typing import Any

from celery import signals
from celery.worker import state as celery_state
from django.db import DatabaseError, InterfaceError, connection
from django.db.models.functions import Now

from jobs import doorbell, queries, transitions
from jobs.heartbeat import heart, stopping
from jobs.listening import Listening
from jobs.models import Worker
from jobs.owner import Owner
from jobs.reconciler import reconcile

log = logging.getLogger(__name__)

TICK = 1.0  # seconds between two passes
SEEN = 3.0  # seconds between two signs of life
FORGET = timedelta(hours=1)  # workers that were not seen for so long leave the list
ALARM = 60.0  # seconds between two alarms over the same trouble
DEAF_AFTER = max(5.0, transitions.LEASE / 2)  # seconds
EX_TEMPFAIL = 75


class Steward(threading.Thread):
    """The thread; `stop` ends it."""

    def __init__(self) -> None:
        super().__init__(name="steward", daemon=True)
        self._stop_event = threading.Event()
        self._seen = 0.0
        self._alarmed = -ALARM
        self._listening = Listening(DEAF_AFTER)

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
                self._look_around()
                self._seen = time.monotonic()
            reconcile()
        except (DatabaseError, InterfaceError) as error:
            log.warning("The reconciler did not reach the database; it tries again: %s", error)
            connection.close()
        except Exception:  # whatever it is, a worker without this thread would recover nothing
            log.exception("The reconciler failed; it tries again.")

    def _look_around(self) -> None:
        """Sound the alarm over jobs that nobody takes; go, if it is this worker that does not hear."""
        now = time.monotonic()
        due = queries.oldest_due()
        if due and due.is_late and now - self._alarmed >= ALARM:
            self._alarmed = now
            log.error(
                "ALARM: job %s (%s) is due for %s and no worker takes it.", due.job_id, due.kind, due.waits
            )
        deaf = not stopping.is_set() and self._listening.is_deaf(
            backlog=doorbell.backlog(),
            busy=bool(celery_state.reserved_requests),
            taken=sum(celery_state.total_count.values()),
            now=now,
        )
        if deaf:
            log.critical("This worker takes no messages any more; it goes, to be started again.")
            # A worker in this state need not react to anything gentler; its pool processes are idle and go with it.
            os._exit(EX_TEMPFAIL)

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
def _begin_pool_process(**_: Any) -> None:
    """A pool process must not outlive a killed main process: it would hold leases that nobody asked it to."""
    heart.expendable = True
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG

"""Keeps the lease of the job at hand alive, from its own thread and its own database connection.

One thread a process. It acts only for steps that take longer than a third of the lease, so that short jobs cost
nothing; it also carries the messages that a long step must hear: the lease is lost, please stop, time is over.
"""

from __future__ import annotations

import logging
import math
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection

from jobs import transitions
from jobs.states import JobState

log = logging.getLogger(__name__)

# Raised by the worker's main process when it is told to go (a deploy); its children, forked later, see it.
stopping = multiprocessing.get_context("fork").Event()

# Seconds after which a long step hears of a cancellation, however long the lease is.
HEARD_WITHIN = 5.0
# Seconds that a step which is over its limit has to notice it, before its process is killed; at most its limit.
GRACE = 30.0


@dataclass
class Watch:
    """The watch over one claimed job."""

    job_id: UUID
    fence: int
    lease: float = transitions.LEASE
    beaten_at: float = field(default_factory=time.monotonic)
    lost: bool = False
    asked_to_stop: bool = False
    _limit: float = math.inf
    _begun_at: float = field(default_factory=time.monotonic)

    @property
    def due(self) -> bool:
        return time.monotonic() - self.beaten_at >= min(self.lease / 3, HEARD_WITHIN)

    def begin(self, *, limit: float) -> None:
        """A step begins, and may take `limit` seconds."""
        self._begun_at, self._limit = time.monotonic(), limit

    def end(self) -> None:
        """The step is over; what is left is our own work."""
        self._limit = math.inf

    @property
    def overdue(self) -> float:
        """Seconds that the step has taken more than it may; negative while it is in time."""
        return time.monotonic() - self._begun_at - self._limit

    @property
    def is_stuck(self) -> bool:
        """Over its limit, and deaf to it."""
        return self.overdue > min(GRACE, self._limit)

    def renewed(self) -> None:
        """A checkpoint prolonged the lease already."""
        self.beaten_at = time.monotonic()

    def beat(self) -> None:
        """Prolong the lease, or learn that it is lost."""
        asked_at = time.monotonic()
        try:
            state = transitions.heartbeat(self.job_id, fence=self.fence, lease=self.lease)
        except (DatabaseError, InterfaceError) as error:
            connection.close()
            # Nobody may believe that the lease holds when it may be over by now.
            if time.monotonic() - self.beaten_at > self.lease * 0.8:
                self.lost = True
            log.warning("Job %s: the heartbeat did not reach the database: %s", self.job_id, error)
            return
        if state is None:
            self.lost = True
        else:
            self.asked_to_stop = self.asked_to_stop or state is JobState.CANCELLING
            self.beaten_at = asked_at


class Heart:
    """The thread that beats for every job that this process holds.

    `expendable`: the process is one of a pool, which replaces it, so it may be killed to end a stuck step.
    """

    def __init__(self) -> None:
        self.expendable = False
        self._watches: list[Watch] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, watch: Watch) -> Iterator[Watch]:
        with self._changed:
            self._watches.append(watch)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
                self._thread.start()
        try:
            yield watch
        finally:
            with self._changed:
                self._watches.remove(watch)

    def _run(self) -> None:
        try:
            while True:
                with self._changed:
                    shortest = min((watch.lease for watch in self._watches), default=transitions.LEASE)
                    self._changed.wait(min(1.0, shortest / 6))
                    watches = list(self._watches)
                for watch in watches:
                    self._look_at(watch)
                if not watches:  # a connection for each worker that once had a long step would be many
                    connection.close()
        finally:
            connection.close()

    def _look_at(self, watch: Watch) -> None:
        watch.asked_to_stop = watch.asked_to_stop or stopping.is_set()
        if self.expendable and watch.is_stuck:
            log.critical("Job %s: its step is over its limit and does not stop; killing it.", watch.job_id)
            os.kill(os.getpid(), signal.SIGKILL)
        if watch.due and not watch.lost:
            watch.beat()


heart = Heart()

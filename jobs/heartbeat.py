"""Keeps the lease of the job at hand alive, from its own thread and its own database connection.

One thread a process. It acts only for steps that take longer than a third of the lease, so that short jobs cost
nothing; it also carries the two messages that a long step must hear: the lease is lost, and please stop.
"""

from __future__ import annotations

import logging
import multiprocessing
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


@dataclass
class Watch:
    """The watch over one claimed job."""

    job_id: UUID
    fence: int
    lease: float = transitions.LEASE
    beaten_at: float = field(default_factory=time.monotonic)
    lost: bool = False
    asked_to_stop: bool = False

    @property
    def due(self) -> bool:
        return time.monotonic() - self.beaten_at >= self.lease / 3

    def renewed(self) -> None:
        """A checkpoint prolonged the lease already."""
        self.beaten_at = time.monotonic()

    def beat(self) -> None:
        """Prolong the lease, or learn that it is lost."""
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
            self.renewed()


class Heart:
    """The thread that beats for every job that this process holds."""

    def __init__(self) -> None:
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
                    watch.asked_to_stop = watch.asked_to_stop or stopping.is_set()
                    if watch.due and not watch.lost:
                        watch.beat()
        finally:
            connection.close()


heart = Heart()

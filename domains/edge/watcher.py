"""Keeps the snapshot new: asks for its number every second, and reads it again when that has grown."""

from __future__ import annotations

import logging
import threading

from django.db import Error, close_old_connections, connection

from domains.edge import snapshot
from domains.edge.snapshot import Snapshot

log = logging.getLogger(__name__)

# Seconds. A new host is served within one of these and the time of a query.
EVERY = 0.5
# Reads it anyway after so many looks, since the self-made certificate ends without a change of ours.
ANYWAY = 7200


class Watcher:
    """A thread that holds the latest snapshot. While the database is away, the last one goes on being served."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._looks = 0
        self._thread = threading.Thread(target=self._run, name="edge-watcher", daemon=True)

    def start(self) -> None:
        """Begins; the first snapshot comes with `wait`."""
        self._thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether there is a snapshot, after waiting for it."""
        return self._ready.wait(seconds)

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        self._thread.join()

    @property
    def current(self) -> Snapshot:
        """The latest snapshot; `wait` must have said that there is one."""
        assert self._snapshot is not None
        return self._snapshot

    def look(self) -> None:
        """One look at the number. Raises django.db.Error."""
        self._looks += 1
        known = self._snapshot
        if known is not None and self._looks % ANYWAY and known.revision == snapshot.revision():
            return
        # Whoever holds the old one finishes with it; a name is bound to one or the other, never to half of both.
        self._snapshot = snapshot.read(known)
        self._ready.set()

    def _run(self) -> None:
        was_away = False
        while not self._stop.is_set():
            try:
                close_old_connections()
                self.look()
                if was_away:
                    log.warning("The database answers again.")
                was_away = False
            except Error as error:
                if not was_away:
                    log.warning(
                        "What is served cannot be read; the last known goes on: %s", str(error).strip()
                    )
                was_away = True
                connection.close()
            except Exception:
                # This thread is the only one that brings news, so it must not end.
                log.exception("What is served cannot be read")
            self._stop.wait(EVERY)
        connection.close()

"""Notices that a worker does not take messages any more, though there are some and it has nothing to do.

Seen with Celery after trouble with the broker: the process lives and says that it is ready, but never reads again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Listening:
    """What one worker was seen doing. `patience` is in seconds."""

    patience: float
    _taken: int = -1
    _idle_since: float | None = None

    def is_deaf(self, *, backlog: int | None, busy: bool, taken: int, now: float) -> bool:
        """Whether messages have been waiting all the time while the worker had nothing to do and took none.

        backlog: messages that wait, None if the broker does not answer. taken: messages taken so far.
        """
        if not backlog or busy or taken != self._taken:
            self._taken, self._idle_since = taken, None
            return False
        if self._idle_since is None:
            self._idle_since = now
        return now - self._idle_since >= self.patience

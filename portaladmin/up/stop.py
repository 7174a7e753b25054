"""The wish to stop, in whatever way it comes.

Signals are blocked and read at one place, so that none can interrupt a step half-way.
"""

import os
import signal
import time
from pathlib import Path

from portaladmin.up.errors import StopRequested

STOPPING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
# At most this long, in seconds, until the end of make is noticed.
LOOK_AT_PARENT = 0.5


class Make:
    """The `make` that started us, if one did.

    GNU make does not pass on a SIGINT that was sent to it alone: it takes its own handler away and waits for us.
    And when it is killed, nobody would be left to stop us from its terminal.
    """

    def __init__(self) -> None:
        self._pid = os.getppid()
        started_by_make = "MAKELEVEL" in os.environ and "make" in self._read("comm")
        self._watched = started_by_make
        self._catches = started_by_make and self._catches_interrupt()

    def wants_end(self) -> bool:
        """Whether make is gone, or sits in its own handling of SIGINT."""
        if not self._watched:
            return False
        return os.getppid() != self._pid or (self._catches and not self._catches_interrupt())

    def _read(self, name: str) -> str:
        try:
            return Path(f"/proc/{self._pid}/{name}").read_text()
        except OSError:
            return ""

    def _catches_interrupt(self) -> bool:
        for line in self._read("status").splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) & 1 << (signal.SIGINT - 1))
        # Unreadable: say what it was, so that nothing is stopped by mistake.
        return True


class Stop:
    """Waits that end early when somebody wants the end."""

    def __init__(self) -> None:
        self._make = Make()
        self.requested = False
        self._requested_at = 0.0
        self.in_haste = False
        # A shell starts background jobs with SIGINT ignored; a handler, never run, makes it count again.
        for number in (*STOPPING, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_BLOCK, (*STOPPING, signal.SIGCHLD))

    def wait(self, seconds: float) -> None:
        """Waits for so long, or until a child has ended.

        Raises StopRequested once, when the end is wanted; afterwards it only waits, and another Ctrl-C sets
        `in_haste`.
        """
        received = signal.sigtimedwait((*STOPPING, signal.SIGCHLD), min(seconds, LOOK_AT_PARENT))
        if received is not None and received.si_signo in STOPPING:
            self._note(signal.Signals(received.si_signo))
        elif not self.requested and self._make.wants_end():
            self._note(signal.SIGTERM)

    def _note(self, number: signal.Signals) -> None:
        now = time.monotonic()
        if not self.requested:
            self.requested = True
            self._requested_at = now
            raise StopRequested
        # One Ctrl-C may arrive twice: from the terminal and from whoever passes it on.
        if number == signal.SIGINT and now - self._requested_at > 1:
            self.in_haste = True

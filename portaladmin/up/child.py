"""One process under the supervisor."""

import datetime
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from portaladmin.up import launch, proc
from portaladmin.up.ledger import Ledger

LOG_BYTES = 10 * 1024 * 1024
# Seconds until a process that died is started again, by how often it has died in a row.
BACKOFF = (1, 2, 4, 8, 16, 30)
# Seconds of life after which an earlier death no longer counts.
STEADY_AFTER = 60.0


class Child:
    """A process that is to run until we stop it, its log and its restarts."""

    def __init__(
        self,
        name: str,
        argv: list[str],
        *,
        environ: Mapping[str, str],
        cwd: Path,
        log: Path,
        ledger: Ledger,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.argv = argv
        self.log = log
        self.stop_signal = stop_signal
        self._environ = environ
        self._cwd = cwd
        self._ledger = ledger
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._deaths = 0
        self._again_at: float | None = None

    @property
    def session(self) -> int | None:
        """The number of its process, which is that of its session too; None before its first start."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts it, appending to its log.

        Raises OSError when it cannot be started.
        """
        self._rotate()
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:
            now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
            log.write(f"--- {self.name} starts, {now}\n".encode())
            log.flush()
            self._process = launch.start(
                self.argv, environ=self._environ, cwd=self._cwd, output=log, death_signal=self.stop_signal
            )
        self._started = time.monotonic()
        self._again_at = None
        self._ledger.write(self.name, self._process.pid)

    def ended(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs, or before its first start."""
        return self._process.poll() if self._process else None

    def died(self) -> int:
        """Notes an unexpected end: how many seconds later it is to be started again."""
        if time.monotonic() - self._started > STEADY_AFTER:
            self._deaths = 0
        delay = BACKOFF[min(self._deaths, len(BACKOFF) - 1)]
        self._deaths += 1
        self._again_at = time.monotonic() + delay
        # Its own workers may have outlived it, and would hold its port.
        self.kill()
        return delay

    @property
    def waits(self) -> bool:
        """Whether it is dead and waits for its next start."""
        return self._again_at is not None

    @property
    def is_due(self) -> bool:
        """Whether it is dead and the time of its next start has come."""
        return self._again_at is not None and time.monotonic() >= self._again_at

    def ask(self, number: signal.Signals | None = None) -> None:
        """Asks it to end, in its own way or by the given signal."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number or self.stop_signal)

    def kill(self) -> None:
        """Kills it and all of its session."""
        if self._process is None:
            return
        proc.send((seen.pid for seen in proc.of_sessions([self._process.pid])), signal.SIGKILL)
        self.ended()

    def is_gone(self) -> bool:
        """Whether neither it nor anything of its session is left."""
        return self._process is None or (
            self.ended() is not None and not proc.of_sessions([self._process.pid])
        )

    def forget(self) -> None:
        """It has ended as it should: nothing is to be looked for by the next start."""
        self._ledger.forget(self.name)

    def _rotate(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_name(f"{self.log.name}.1"))


def ending(status: int) -> str:
    """An exit status in words: "exit status 1", "signal KILL"."""
    if status < 0:
        return f"signal {signal.Signals(-status).name.removeprefix('SIG')}"
    return f"exit status {status}"

"""Which process holds a lease, written so that another process on the same host can tell whether it lives.

A pid alone says little: it is reused, and it means something else in another container. So the owner is the
kernel's boot id, the pid namespace, the pid, and the tick at which the process started.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


@cache
def _neighbourhood() -> str:
    """What processes must share to know each other's pids: one boot of one kernel, one pid namespace."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return "unknown/0"


def _stat(pid: int) -> list[str] | None:
    """What proc(5) says of a process, from the third field on; None when there is none (or only its zombie)."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields


def _started(pid: int) -> int | None:
    """Clock tick at which that process started; None when there is no such process (or only its zombie)."""
    fields = _stat(pid)
    return None if fields is None else int(fields[19])


def processes_of(sessions: Collection[int]) -> list[int]:
    """The processes that live in these sessions (`setsid`)."""
    pids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal()]
    return [pid for pid in pids if (fields := _stat(pid)) and int(fields[3]) in sessions]


@dataclass(frozen=True)
class Owner:
    """A process, written as `<boot id>/<pid namespace>/<pid>/<start>`."""

    neighbourhood: str
    pid: int
    started: int

    @classmethod
    def here(cls) -> Owner:
        """This process."""
        pid = os.getpid()
        return cls(_neighbourhood(), pid, _started(pid) or 0)

    @classmethod
    def parse(cls, text: str) -> Owner:
        """Raises ValueError."""
        neighbourhood, pid, started = text.rsplit("/", 2)
        return cls(neighbourhood, int(pid), int(started))

    def __str__(self) -> str:
        return f"{self.neighbourhood}/{self.pid}/{self.started}"

    def is_dead(self) -> bool:
        """Known to be dead: it lived where we can look, and it does not any more."""
        if self.neighbourhood != _neighbourhood() or self.neighbourhood.startswith("unknown"):
            return False
        return _started(self.pid) != self.started


def prefix_here() -> str:
    """Owners that this process can judge begin with this."""
    return _neighbourhood() + "/"

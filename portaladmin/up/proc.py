"""Processes as /proc shows them, for those that are not our children any more."""

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Seen:
    """A living process. Its number alone may be given to another later; with `started` it is one of a kind."""

    pid: int
    parent: int
    session: int
    started: int
    """Clock ticks between the start of the machine and that of the process."""


def look(pid: int) -> Seen | None:
    """The process of that number; None when there is none or when it is dead and only waits for its parent."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name stands in brackets and may itself hold brackets and spaces.
    state, parent, _group, session, *rest = text.rpartition(")")[2].split()
    if state in "ZX":
        return None
    return Seen(pid=pid, parent=int(parent), session=int(session), started=int(rest[15]))


def everybody() -> Iterator[Seen]:
    """All living processes."""
    for entry in os.listdir(PROC):  # noqa: PTH208 - names are enough, and there may be thousands
        if entry.isdigit() and (seen := look(int(entry))):
            yield seen


def of_sessions(sessions: Iterable[int]) -> list[Seen]:
    """The living members of these sessions; a session has the number of the process that began it."""
    wanted = set(sessions)
    return [seen for seen in everybody() if seen.session in wanted] if wanted else []


def working_in(folder: Path) -> list[Seen]:
    """The processes whose working directory is this folder: for the database's own, each a session of its own."""
    found = []
    for seen in everybody():
        with contextlib.suppress(OSError):
            if (PROC / str(seen.pid) / "cwd").readlink() == folder:
                found.append(seen)
    return found


def speaks_of(pid: int, setting: str) -> bool:
    """Whether the process was started with this `NAME=value` in its environment."""
    try:
        return setting.encode() in (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Sends a signal to each of them that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)

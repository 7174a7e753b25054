"""What the person at the terminal reads: short lines, at once."""

import contextlib
import sys
from collections import deque
from pathlib import Path

TAIL_BYTES = 16_384


def say(line: str = "") -> None:
    """Prints a line. A terminal that has gone away must not take the servers with it, so its errors are dropped."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


def complain(line: str, details: list[str]) -> None:
    """Prints a refusal and the lines below it, indented, on the error stream."""
    with contextlib.suppress(OSError, ValueError):
        print(line, *(f"    {detail}" for detail in details), sep="\n", file=sys.stderr, flush=True)


def tail(log: Path, *, lines: int = 12) -> list[str]:
    """The last lines of a log, without empty ones; nothing when it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return list(deque((line.rstrip() for line in text.splitlines() if line.strip()), maxlen=lines))

"""Opening an uploaded .pfx file without trusting it: a look at its outside, then a child process with limits.

A high iteration count hangs the library with the interpreter's lock held, so neither a thread nor a soft time limit
could end it; a process can be ended. Neither the file nor the password is kept, logged or written to a disk.
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import cryptography

from domains.certificates.prescan import outline
from domains.certificates.refusals import LARGEST_FILE, LONGEST_PASSWORD, MOST_CERTIFICATES, FileRefused

WALL = 10.0  # seconds for everything, waiting for others included
WAIT = 2.0  # of these for others: a web process has few threads, and one that waits serves nobody
AT_ONCE = 2  # children of one web process, so that many uploads cannot take the machine's memory
_ORDINARY = 1.0  # seconds of computing; a usual file takes a fifth of it
_LONGEST_ANSWER = (
    2 * LARGEST_FILE
)  # bytes: what is in a file is smaller than the file, and base64 adds a third
_PACKAGES = str(Path(cryptography.__file__).parent.parent)
_CHILD = str(Path(__file__).with_name("child.py"))
_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Opened:
    """What is in a file. `key`: DER (PKCS #8); `certificates`: DER, in the file's order, the key's own first if the
    file says so; `keys`: how many keys stand in the open (the first one is taken)."""

    key: bytes
    certificates: tuple[bytes, ...]
    keys: int

    def __repr__(self) -> str:
        return f"Opened({len(self.certificates)} certificates)"


def open_pfx(data: bytes, password: str) -> Opened:
    """Raises FileRefused. Takes at most WALL seconds, and the child computing and memory as `child` says."""
    until = time.monotonic() + WALL
    found = outline(data)
    secret = password.encode("utf-8", "replace")
    if len(secret) > LONGEST_PASSWORD:
        raise FileRefused("password_too_long")
    if not _turns.acquire(timeout=WAIT):
        raise FileRefused("busy")
    try:
        answer = _ask(len(secret).to_bytes(4, "big") + secret + data, until)
    finally:
        _turns.release()
    return _understood(answer, found.keys)


def _ask(sent: bytes, until: float) -> bytes:
    """What the child answers, which may be anything if the file took it over. Raises FileRefused."""
    try:
        process = _begun(sent)
    except OSError:  # no memory or no process left for it
        raise FileRefused("busy") from None
    assert process.stdout is not None
    with process.stdout as stdout:
        try:
            answer = _read(stdout.fileno(), until)
        finally:
            computed = _computed(process.pid)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if answer is None:  # of a file that was hardly begun, the machine is to blame
        raise FileRefused("kdf_too_costly" if computed > _ORDINARY else "busy")
    if not answer:
        # Ended by a limit, which is a signal; or the library fell over what it read.
        raise FileRefused("kdf_too_costly" if process.returncode < 0 else "bad_password_or_damaged")
    return answer


def _begun(sent: bytes) -> subprocess.Popen[bytes]:
    """The child, in a group of its own. What is sent stands in memory, so nobody waits until it is read. OSError."""
    with os.fdopen(os.memfd_create("pfx"), "w+b") as memory:
        memory.write(sent)
        memory.seek(0)
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", "-X", "utf8", _CHILD, _PACKAGES],
            stdin=memory,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            close_fds=True,
            start_new_session=True,
        )


def _read(file: int, until: float) -> bytes | None:
    """What is written there, not much more than _LONGEST_ANSWER; None when it does not come to an end in time."""
    answer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(file, selectors.EVENT_READ)
        while selector.select(max(until - time.monotonic(), 0.0)):
            piece = os.read(file, 1 << 20)
            answer += piece
            if not piece or len(answer) > _LONGEST_ANSWER:
                return answer
    return None


def _computed(process: int) -> float:
    """Seconds of the processor that it has taken so far; endless if nobody can tell."""
    try:
        times = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return math.inf


def _understood(answer: bytes, keys: int) -> Opened:
    """Raises FileRefused, for nonsense too."""
    try:
        told = json.loads(answer)
        if "error" in told:
            raise FileRefused(told["error"])
        key, *certificates = (base64.b64decode(one) for one in (told["key"], *told["certificates"]))
    except (ValueError, TypeError, LookupError, RecursionError):
        raise FileRefused("bad_password_or_damaged") from None
    if len(certificates) > MOST_CERTIFICATES:
        raise FileRefused("too_many_certs")
    return Opened(key=key, certificates=tuple(certificates), keys=keys)

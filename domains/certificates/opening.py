"""Opening an uploaded .pfx file without trusting it: a look at its outside, then a child process with limits.

A high iteration count hangs the library with the interpreter's lock held, so neither a thread nor a soft time limit
could end it; a process can be ended. Neither the file nor the password is kept, logged or written to a disk.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import cryptography

from domains.certificates.prescan import outline
from domains.certificates.refusals import LONGEST_PASSWORD, FileRefused

WALL = 10.0  # seconds for everything, waiting for others included
AT_ONCE = 2  # children of one web process, so that many uploads cannot take the machine's memory
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
    """Raises FileRefused. Takes at most WALL seconds, and the child CPU and memory as `child` says."""
    until = time.monotonic() + WALL
    found = outline(data)
    secret = password.encode("utf-8", "replace")
    if len(secret) > LONGEST_PASSWORD:
        raise FileRefused("password_too_long")
    if not _turns.acquire(timeout=WALL / 2):
        raise FileRefused("busy")
    try:
        told = _ask(len(secret).to_bytes(4, "big") + secret + data, until - time.monotonic())
    finally:
        _turns.release()
    if "error" in told:
        raise FileRefused(str(told["error"]))
    return Opened(
        key=base64.b64decode(str(told["key"])),
        certificates=tuple(base64.b64decode(str(one)) for one in told["certificates"]),
        keys=found.keys,
    )


def _ask(sent: bytes, seconds: float) -> dict[str, list[str] | str]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-X", "utf8", _CHILD, _PACKAGES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        close_fds=True,
    )
    try:
        answer, _ = process.communicate(sent, timeout=max(seconds, 0.1))
    except subprocess.TimeoutExpired:
        raise FileRefused("kdf_too_costly") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if not answer:
        # Ended by a limit, which is a signal; or the library fell over what it read.
        raise FileRefused("kdf_too_costly" if process.returncode < 0 else "bad_password_or_damaged")
    told: dict[str, list[str] | str] = json.loads(answer)
    return told

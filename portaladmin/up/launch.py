"""Starting another program so that it cannot outlive us."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def _before_exec(death_signal: signal.Signals) -> Callable[[], None]:
    """What the child does between fork and exec."""
    parent = os.getpid()

    def prepare() -> None:
        # The kernel itself sends this when we die, by SIGKILL too.
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        # We keep our signals blocked and read them when it suits; a child wants to receive its own.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    return prepare


def start(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: Path,
    output: IO[bytes] | int,
    death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Starts a program in a session of its own, so that Ctrl-C reaches only us; it reads nothing and writes both
    its streams to `output`.

    Raises OSError when it cannot be started.
    """
    return subprocess.Popen(
        list(argv),
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_before_exec(death_signal),
    )


def run(
    argv: Sequence[str], *, environ: Mapping[str, str], cwd: Path, text: str = "", timeout: float = 120
) -> tuple[int, str]:
    """Runs a short program to its end with `text` as its input: its exit status and all that it wrote.

    Raises OSError when it cannot be started and subprocess.TimeoutExpired after `timeout` seconds.
    """
    done = subprocess.run(
        list(argv),
        env=dict(environ),
        cwd=cwd,
        input=text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_before_exec(signal.SIGKILL),
        timeout=timeout,
        check=False,
    )
    return done.returncode, done.stdout.decode(errors="replace")

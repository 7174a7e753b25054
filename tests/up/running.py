"""Runs of `make up` as a person would see them: by a process, its lines and what it leaves behind."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from portaladmin.up import places

# Seconds; generous, since a loaded machine must not fail a test.
READY_WITHIN = 90.0
CTRL_C_WITHIN = 10.0

READY = "Ctrl-C stops everything."
# What pytest's plugin set for its own servers, and what make passes down.
NOT_OURS = {
    "DATA_DIR",
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "ENCRYPTION_KEYS",
    "DEMO_PASSWORD",
    "DEBUG",
    "ADMIN_URL",
    "DJANGO_SETTINGS_MODULE",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "TEST_DATA_DIR",
}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """What a shell would give to `make up`."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    return {**inherited, "DATA_DIR": str(data_dir), **more}


def wait_until(condition: Callable[[], bool], what: str, *, within: float = READY_WITHIN) -> None:
    """Waits for a condition. Raises AssertionError when the time is over."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within:.0f} s: {what}"
        time.sleep(0.05)


def processes(data_dir: Path) -> dict[int, str]:
    """The living processes of a DATA_DIR with their commands, those included that overwrite their environment."""
    found = {}
    setting = f"DATA_DIR={data_dir}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            of_ours = setting in (entry / "environ").read_bytes().split(b"\0") or (
                entry / "cwd"
            ).readlink().is_relative_to(data_dir)
            if of_ours and state not in "ZX":
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ").strip()
    return found


def supervisor(data_dir: Path) -> int:
    """The number of the supervisor's process."""
    (pid,) = (pid for pid, command in processes(data_dir).items() if command.endswith("-m portaladmin.up"))
    return pid


def leader(data_dir: Path, part: str) -> int:
    """The process that the supervisor started with this part in its command; its number. Those that it started in turn
    may have lower numbers, since numbers begin anew.
    """
    above = supervisor(data_dir)
    (pid,) = (
        pid
        for pid, command in processes(data_dir).items()
        if part in command
        and (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1] == str(above)
    )
    return pid


class Run:
    """One `make up`, in a session of its own, as a terminal would start it."""

    def __init__(
        self,
        data_dir: Path,
        port: int,
        *,
        cwd: Path = places.BASE_DIR,
        before: tuple[str, ...] = (),
        **more: str,
    ) -> None:
        self.data_dir = data_dir
        self.port = port
        self.https_port = free_port()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [*before, "make", "--no-print-directory", "up"],
            cwd=cwd,
            env=environment(data_dir, PORT=str(port), HTTPS_PORT=str(self.https_port), **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def await_line(self, part: str) -> None:
        """Waits for a line with this part in it."""
        wait_until(
            lambda: part in self.text or self.process.poll() is not None,
            f"{part!r} in:\n{self.text}",
        )
        self._reader.join(0 if self.process.poll() is None else 5)
        assert part in self.text, self.text

    def await_ready(self) -> None:
        """Waits until it says that everything is ready."""
        self.await_line(READY)

    def status(self, path: str) -> int:
        """What the web server answers to a GET; 0 while it does not."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def is_ready(self) -> bool:
        """Whether the web server says that everything is ready, and the edge listens."""
        try:
            socket.create_connection(("127.0.0.1", self.https_port), timeout=5).close()
        except OSError:
            return False
        return self.status("/readyz") == 200

    def interrupt(self) -> float:
        """Presses Ctrl-C and waits for the end: the seconds that took."""
        began = time.monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(CTRL_C_WITHIN * 2)
        # make may end first; its terminal is free when all are gone.
        wait_until(lambda: not processes(self.data_dir), "the end of all processes", within=CTRL_C_WITHIN)
        taken = time.monotonic() - began
        self._reader.join(5)
        return taken

    def close(self) -> None:
        """Leaves nothing behind, whatever happened before."""
        if processes(self.data_dir) or self.process.poll() is None:
            with contextlib.suppress(OSError, AssertionError, subprocess.TimeoutExpired):
                self.interrupt()
        for pid in processes(self.data_dir):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextlib.contextmanager
def started(run: Run) -> Iterator[Run]:
    """The run when it is ready; it is ended on the way out."""
    try:
        run.await_ready()
        yield run
    finally:
        run.close()

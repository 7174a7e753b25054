"""The virtual environment `.venv`, made from a lock with hashes; a lock that has not changed costs nothing."""

import fcntl
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from portaladmin.up import launch, places
from portaladmin.up.errors import CannotStart
from portaladmin.up.stop import Stop
from portaladmin.up.terminal import say, tail

FOLDER = places.BASE_DIR / ".venv"
PYTHON = FOLDER / "bin" / "python"
STATE = FOLDER / "installed.json"

# What each lock includes: the development lock names the same versions as the base lock, and more.
INCLUDES = {"base": ("base",), "dev": ("base", "dev")}


def is_ours() -> bool:
    """Whether this very Python is the one of `.venv`."""
    return FOLDER.exists() and FOLDER.samefile(sys.prefix)


def make(which: str, stop: Stop) -> bool:
    """Makes `.venv` hold what the lock `which` ("base" or "dev") names: whether that took any work.

    Raises CannotStart when it cannot be made, and StopRequested.
    """
    if _is_current(which):
        return False
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        raise CannotStart("Python's venv module is incomplete here; run: apt-get install python3-venv")
    try:
        FOLDER.mkdir(exist_ok=True)
        with _alone():
            # Another make may have done it while we waited.
            if not _is_current(which):
                _install(which, stop)
    except OSError as error:
        raise CannotStart(
            f"The virtual environment cannot be made in {FOLDER} ({error.strerror or error}); "
            "it wants a checkout that you may write to, and about 500 MB"
        ) from error
    return True


def _install(which: str, stop: Stop) -> None:
    state = _state()
    # Without a record an earlier installation was cut short, and pip would take its half packages for whole.
    if not state.get("locks") or state.get("python") != _version():
        say("Creating the virtual environment…")
        # From within a virtual environment, its own Python could not replace it.
        base = getattr(sys, "_base_executable", "") or sys.executable
        _must(
            [base, "-I", "-m", "venv", "--clear", str(FOLDER)], "The virtual environment cannot be made", stop
        )
    STATE.unlink(missing_ok=True)
    lock = _lock(which)
    count = sum(line[:1].isalnum() for line in lock.read_text().splitlines())
    say(f"Installing {count} packages (once; this takes half a minute or so)…")
    # With every package locked and hashed there is nothing to resolve, and nothing is built here.
    options = [
        "--require-hashes",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-input",
        "--disable-pip-version-check",
    ]
    _must(
        [str(PYTHON), "-I", "-m", "pip", "install", *options, "--requirement", str(lock)],
        "The packages cannot be installed; is there a way to the package index?",
        stop,
    )
    locks = {name: _fingerprint(name) for name in INCLUDES[which]}
    draft = STATE.with_suffix(".new")
    draft.write_text(json.dumps({"python": _version(), "locks": locks}))
    draft.replace(STATE)


def _must(argv: list[str], failure: str, stop: Stop) -> None:
    """Runs a step of the installation to its end; what it writes is shown only when it fails."""
    with tempfile.NamedTemporaryFile(prefix="portaladmin-install-") as output:
        process = launch.start(
            argv, environ={**os.environ, "PIP_USER": "0"}, cwd=places.BASE_DIR, output=output.file
        )
        try:
            while process.poll() is None:
                stop.wait(0.5)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        if process.returncode != 0:
            raise CannotStart(failure, details=tail(Path(output.name)))


def _is_current(which: str) -> bool:
    state = _state()
    locks = state.get("locks")
    return (
        isinstance(locks, dict)
        and locks.get(which) == _fingerprint(which)
        and state.get("python") == _version()
    )


def _version() -> str:
    """The version of the Python in `.venv`, whichever one we are; empty when it is gone.

    It is a link to the machine's Python, which an upgrade may replace; what was installed fits one version only.
    """
    try:
        status, text = launch.run(
            [str(PYTHON), "-I", "-c", "import platform; print(platform.python_version())"],
            environ=os.environ,
            cwd=places.BASE_DIR,
        )
    except OSError:
        return ""
    return text.strip() if status == 0 else ""


def _state() -> dict[str, object]:
    try:
        read: dict[str, object] = json.loads(STATE.read_text())
    except (OSError, ValueError):
        return {}
    return read


def _lock(which: str) -> Path:
    return places.BASE_DIR / "requirements" / f"{which}.txt"


def _fingerprint(which: str) -> str:
    return hashlib.sha256(_lock(which).read_bytes()).hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Holds the folder against another make in the same checkout."""
    folder = os.open(FOLDER, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another make, which installs packages…")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)

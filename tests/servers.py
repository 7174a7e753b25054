"""A pytest plugin: a PostgreSQL and a Valkey for this run alone, the same engines that `make up` starts.

It is loaded by `-p tests.servers`, before Django reads its settings. Every run has a new folder of its own in the
temporary directory, so any number of runs may go on at once; with `-n`, each of the processes is such a run.
TEST_DATA_DIR names a folder to keep instead, for one run at a time; DATABASE_URL and REDIS_URL replace the servers,
for one process.
"""

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from portaladmin.up import datadir, keys, launch, places
from portaladmin.up.engine import Engine
from portaladmin.up.errors import CannotStart
from portaladmin.up.lock import Lock
from portaladmin.up.postgres import Postgres
from portaladmin.up.terminal import tail
from portaladmin.up.valkey import Valkey

PREFIX = "portaladmin-test-"
# Seconds.
READY_WITHIN = 30.0
END_WITHIN = 5.0
YOUNG = 60.0

_running = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Starts the servers; as a wrapper it comes before pytest-django's own hook, which loads the settings."""
    known = early_config.known_args_namespace
    if not (known.help or known.version):
        atexit.register(_running.close)
        try:
            _start(_running, engines=not known.numprocesses or "PYTEST_XDIST_WORKER" in os.environ)
        except CannotStart as error:
            raise pytest.UsageError("\n".join([str(error), *error.details])) from None
    return (yield)


def pytest_unconfigure() -> None:
    """Ends the servers, and removes their folder unless it was named."""
    _running.close()


def _start(running: ExitStack, *, engines: bool) -> None:
    """Without `engines`, as for the process that only hands out tests, nothing but the folder is made."""
    folder = _folder(running)
    os.environ["DATA_DIR"] = str(folder)
    os.environ.update(keys.settle(folder, {}))
    os.environ.setdefault("DEBUG", "0")
    if engines:
        _start_engines(running, folder)


def _start_engines(running: ExitStack, folder: Path) -> None:
    engines: list[Engine] = []
    if not os.environ.get("DATABASE_URL"):
        engines.append(Postgres(folder, durable=False))
        os.environ["DATABASE_URL"] = places.database_url(folder)
    if not os.environ.get("REDIS_URL"):
        engines.append(Valkey(folder))
        os.environ["REDIS_URL"] = places.redis_url(folder)
    for engine in engines:
        engine.prepare()
        log = places.logs_dir(folder) / f"{engine.name}.log"
        with log.open("wb") as output:
            process = launch.start(
                engine.command(),
                environ=engine.environ,
                cwd=folder,
                output=output,
                death_signal=engine.stop_signal,
            )
        running.callback(_end, process, engine)
        _await(engine, process, log)


def _folder(running: ExitStack) -> Path:
    """The folder of this run, locked."""
    if given := os.environ.get("TEST_DATA_DIR"):
        folder = Path(given).expanduser().resolve() / os.environ.get("PYTEST_XDIST_WORKER", "")
        datadir.make(folder)
    else:
        _remove_abandoned()
        folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        running.callback(shutil.rmtree, folder, ignore_errors=True)
        datadir.make(folder)
    running.callback(shutil.rmtree, places.socket_dir(folder), ignore_errors=True)
    lock = Lock(folder / "up.lock")
    if not lock.take():
        # Nothing of the other run's may be touched.
        running.pop_all()
        raise CannotStart(
            f"Another run uses TEST_DATA_DIR={folder}; wait for it, name another folder, or none"
        )
    running.callback(lock.release)
    return folder


def _remove_abandoned() -> None:
    """Removes what runs left that were killed: their locks are free."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = folder / "up.lock"
        found = folder.stat() if lock.exists() else None
        # A young one may be about to be locked.
        if found is None or found.st_uid != os.geteuid() or time.time() - found.st_mtime < YOUNG:
            continue
        abandoned = Lock(lock)
        if abandoned.take():
            shutil.rmtree(places.socket_dir(folder), ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)
            abandoned.release()


def _await(engine: Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not engine.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise CannotStart(f"{engine.title} does not start; the end of its log:", details=tail(log))
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes], engine: Engine) -> None:
    if process.poll() is None:
        process.send_signal(engine.stop_signal)
    try:
        process.wait(END_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

"""The way of `make up`, from the first check to the last process."""

import os
from pathlib import Path

from portaladmin.up import datadir, environment, external, keys, places, port, welcome
from portaladmin.up.engine import Engine
from portaladmin.up.errors import CannotStart, StopRequested
from portaladmin.up.ledger import Ledger
from portaladmin.up.lock import Lock
from portaladmin.up.postgres import Postgres
from portaladmin.up.stop import Stop
from portaladmin.up.supervisor import Supervisor
from portaladmin.up.terminal import complain, say
from portaladmin.up.valkey import Valkey

# What is make's own, or another installation's, is nobody else's business.
NOT_PASSED_ON = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "PYTHONPATH", "PYTHONHOME")


def main(arguments: list[str]) -> int:
    """Runs until somebody wants the end, or only makes the virtual environment (`environment base|dev`): the exit
    status.
    """
    stop = Stop()
    try:
        if arguments[:1] == ["environment"]:
            environment.make(arguments[1], stop)
            return 0
        return _run(places.data_dir(os.environ), stop)
    except StopRequested:
        say("Stopped.")
        return 0
    except CannotStart as error:
        complain(str(error), error.details)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        complain(f"The start failed ({error.strerror or error}){where}", [])
    return 1


def _run(data_dir: Path, stop: Stop) -> int:
    datadir.make(data_dir)
    lock = Lock(data_dir / "up.lock")
    if not lock.take():
        say(_already(lock.holder()))
        return 0
    lock.write(pid=os.getpid())
    ledger = Ledger(data_dir)
    _end_earlier_run(ledger, stop)
    host = os.environ.get("BIND") or "127.0.0.1"
    web_port = port.check("PORT", os.environ.get("PORT") or "8000", host)
    https_port = port.check("HTTPS_PORT", os.environ.get("HTTPS_PORT") or "8443", host)
    # All that can refuse has been looked at, before half a minute is spent on this.
    if environment.make("base", stop) or not environment.is_ours():
        lock.release()
        os.execv(environment.PYTHON, [str(environment.PYTHON), "-m", "portaladmin.up"])  # noqa: S606
    environ = _environ(data_dir, web_port, https_port)
    supervisor = Supervisor(data_dir, _engines(data_dir), environ=environ, ledger=ledger, stop=stop)
    try:
        supervisor.start(host=host, port=web_port, https_port=https_port)
        lock.write(pid=os.getpid(), url=welcome.address(environ, web_port))
        for line in welcome.lines(environ, web_port):
            say(line)
        supervisor.watch()
    except StopRequested:
        say("Stopping…")
        raise
    finally:
        stop.requested = True
        supervisor.end()
        lock.release()
    return 0


def _already(holder: dict[str, str | int]) -> str:
    pid = holder.get("pid", "unknown")
    if url := holder.get("url"):
        return f"Portal Admin Center is already running: {url} (process {pid}; to stop it: kill {pid})"
    return f"Portal Admin Center is already starting or stopping (process {pid})"


def _end_earlier_run(ledger: Ledger, stop: Stop) -> None:
    left = ledger.survivors()
    if left:
        say("Waiting for the processes of the last run to end…")
    if not ledger.end_survivors(stop):
        pids = " ".join(str(seen.pid) for seen in ledger.survivors())
        raise CannotStart(f"Processes of the last run do not end; end them, then: make up. They are: {pids}")


def _environ(data_dir: Path, web_port: int, https_port: int) -> dict[str, str]:
    """What the processes get to see: everything of ours, and the places and secrets that are not given."""
    environ = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
    environ["DATABASE_URL"] = environ.get("DATABASE_URL") or places.database_url(data_dir)
    environ["REDIS_URL"] = environ.get("REDIS_URL") or places.redis_url(data_dir)
    defaults = {"PORTAL_BASE_DOMAIN": "portals.localhost", "DEBUG": "0"}
    for name, value in defaults.items():
        environ[name] = environ.get(name) or value
    return environ | {
        "DATA_DIR": str(data_dir),
        "PORT": str(web_port),
        "HTTPS_PORT": str(https_port),
        "PYTHONUNBUFFERED": "1",
        **keys.settle(data_dir, environ),
    }


def _engines(data_dir: Path) -> list[Engine]:
    """The embedded servers, less those that the environment replaces.

    Raises CannotStart when a replacement does not answer or is too old.
    """
    engines: list[Engine] = []
    if url := os.environ.get("DATABASE_URL"):
        external.check_database(url)
    else:
        engines.append(Postgres(data_dir))
    if url := os.environ.get("REDIS_URL"):
        external.check_broker(url)
    else:
        engines.append(Valkey(data_dir))
    return engines

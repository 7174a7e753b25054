"""The embedded PostgreSQL: reached by a socket in a closed folder only, so it asks for no password."""

import os
import shutil
import signal
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path

from portaladmin.up import account, binaries, datadir, launch, places, proc
from portaladmin.up.errors import CannotStart

# Bounds on memory for one machine that runs everything; what is not here stays as PostgreSQL has it, safe on disk.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# For tests alone: their data need not outlive the machine's power.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}

# Seconds, after a SIGKILL.
ORPHANS_GONE_WITHIN = 5.0

# Version 3.0 of the protocol of its clients, and their word for the end.
PROTOCOL = 3 << 16
TERMINATE = b"X\0\0\0\4"

# The product is not the server's superuser, so no hole in it could run programs or read files through COPY.
CREATE = """\
CREATE ROLE portaladmin LOGIN CREATEDB;
CREATE DATABASE portaladmin OWNER portaladmin;
"""


class Postgres:
    """A cluster in DATA_DIR/postgres with one database, `portaladmin`, and one role of that name."""

    name = "postgres"
    title = "PostgreSQL"
    # The quick end: clients are cut off, everything committed is on disk.
    stop_signal = signal.SIGINT

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._data_dir = data_dir
        self._durable = durable
        self.folder = data_dir / "postgres"
        self.environ: Mapping[str, str] = {
            # Nothing of a PGDATA, PGOPTIONS or LC_MESSAGES in somebody's shell.
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "DATA_DIR": str(data_dir),
        }
        self._bin = binaries.postgres(self._written_by())
        self._account = account.choose(self._bin / "postgres", data_dir, self.folder)

    def prepare(self) -> None:
        """Makes the cluster at first, else takes away what a killed server left."""
        datadir.make_socket_dir(self._data_dir, owner=self._account.uid, group=self._account.gid)
        self._end_orphans()
        if not self.folder.exists():
            self._create()
        elif self.folder.stat().st_uid != self._account.uid:
            self._give(self.folder)
        # PostgreSQL would take any stranger that has the recorded number now for a running server.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        path = self._socket()
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.lock").unlink(missing_ok=True)

    def command(self) -> list[str]:
        """The server, which the kernel ends with us: the change of user takes that wish away, so it is set anew
        behind it.
        """
        settings = {
            **SETTINGS,
            "unix_socket_directories": str(places.socket_dir(self._data_dir)),
            **({} if self._durable else CARELESS),
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server = [
            str(self._bin / "postgres"),
            "-D",
            str(self.folder),
            "-p",
            str(places.POSTGRES_PORT),
            *options,
        ]
        if not self._account.prefix:
            return server
        return [*self._account.prefix, "setpriv", "--pdeathsig", "INT", "--", *server]

    def is_ready(self) -> bool:
        """Whether it lets the product in.

        Asked in the words of the protocol: pg_isready wants a user with a name.
        """
        names = b"user\0portaladmin\0database\0portaladmin\0\0"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.settimeout(2)
                client.connect(str(self._socket()))
                client.sendall(struct.pack("!ii", 8 + len(names), PROTOCOL) + names)
                # "R" is its answer on who we are, "E" an error, such as that it is still starting.
                allowed = client.recv(1) == b"R"
                client.sendall(TERMINATE)
                return allowed
        except OSError:
            return False

    def _socket(self) -> Path:
        return places.socket_dir(self._data_dir) / f".s.PGSQL.{places.POSTGRES_PORT}"

    def _end_orphans(self) -> None:
        """Kills what a killed server left: its processes notice the death of their parent only when they next wait,
        and two servers on one folder would destroy it.
        """
        deadline = time.monotonic() + ORPHANS_GONE_WITHIN
        while left := proc.working_in(self.folder):
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"PostgreSQL of an earlier run does not end: process {left[0].pid}; kill it"
                )
            proc.send((seen.pid for seen in left), signal.SIGKILL)
            time.sleep(0.02)

    def _written_by(self) -> int | None:
        try:
            return int((self.folder / "PG_VERSION").read_text())
        except (OSError, ValueError):
            return None

    def _create(self) -> None:
        """Makes the cluster beside its place and moves it there when it is whole, so that a start that was cut
        short leaves nothing half.
        """
        draft = self.folder.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._give(draft)
        # The wheel is built without ICU, and the machine may lack every locale but C.
        locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        who = ("--username=postgres", "--auth-local=trust", "--auth-host=reject")
        haste = () if self._durable else ("--no-sync",)
        self._must("initdb", "-D", str(draft), *locale, *who, *haste, "--no-instructions")
        self._must(
            "postgres", "--single", "-D", str(draft), "-j", "postgres", text=CREATE.replace("\n", "\n\n")
        )
        draft.rename(self.folder)

    def _give(self, folder: Path) -> None:
        """Gives a folder and all in it to the account."""
        if folder.stat().st_uid == self._account.uid:
            return
        for parent, _folders, files in os.walk(folder):
            os.chown(parent, self._account.uid, self._account.gid)
            for name in files:
                os.chown(Path(parent) / name, self._account.uid, self._account.gid, follow_symlinks=False)

    def _must(self, program: str, *arguments: str, text: str = "") -> None:
        # Its user need not be allowed to be where we are, but may enter DATA_DIR.
        status, output = launch.run(
            [*self._account.prefix, str(self._bin / program), *arguments],
            environ=self.environ,
            cwd=self._data_dir,
            text=text,
        )
        if status != 0 or "ERROR:" in output or "FATAL:" in output:
            raise CannotStart(
                f"PostgreSQL's data folder cannot be made in {self._data_dir}: {program} failed",
                details=output.splitlines()[-12:],
            )

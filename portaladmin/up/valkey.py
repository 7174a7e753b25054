"""The embedded Valkey: Celery's doorbell. It keeps nothing on disk, since what it carries may be lost."""

import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from portaladmin.up import binaries, datadir, places


class Valkey:
    """A server on a socket beside PostgreSQL's."""

    name = "valkey"
    title = "Valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.folder = data_dir / "valkey"
        self.environ: Mapping[str, str] = {"LC_ALL": "C", "DATA_DIR": str(data_dir)}
        self._program = binaries.valkey()

    def prepare(self) -> None:
        """Makes its folders; an old socket it replaces itself."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        # Where PostgreSQL has to run as somebody else, the folder of both sockets is that one's.
        cluster = self._data_dir / "postgres"
        found = cluster.stat() if cluster.exists() else None
        datadir.make_socket_dir(
            self._data_dir,
            owner=found.st_uid if found else os.geteuid(),
            group=found.st_gid if found else os.getegid(),
        )

    def command(self) -> list[str]:
        """The server, without network and without persistence."""
        options = {
            "port": "0",
            "unixsocket": str(places.redis_socket(self._data_dir)),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "dir": str(self.folder),
            "daemonize": "no",
            "logfile": "",
            "maxmemory-policy": "noeviction",
        }
        return [
            str(self._program),
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ]

    def is_ready(self) -> bool:
        """Whether it answers a PING."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.settimeout(1)
                client.connect(str(places.redis_socket(self._data_dir)))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False

"""Stands between a worker and PostgreSQL, and loses the answer to one commit: it is done, but nobody is told."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from pathlib import Path

_SIZE = 65536


class Proxy:
    """Listens in `folder` as PostgreSQL would. `lose_answer_to(name)`: the next transaction that writes the event of
    that name is committed and its connection cut, before the answer passes."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.lost = 0
        self._server = server
        self._wanted: bytes | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_answer_to(self, event: str) -> None:
        # As a parameter goes over the wire: its length, then its text.
        self._wanted = struct.pack("!i", len(event)) + event.encode()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._server))
            _Wire(self, client, server).start()

    def takes(self, data: bytes) -> bool:
        """Whether this is what was waited for; only once."""
        if self._wanted is None or self._wanted not in data:
            return False
        self._wanted = None
        return True


class _Wire:
    """One connection, both ways."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._in_transaction = self._armed = self._cut = False

    def start(self) -> None:
        for run in (self._to_server, self._to_client):
            threading.Thread(target=run, daemon=True).start()

    def _to_server(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._client.recv(_SIZE):
                if b"BEGIN" in data:
                    self._in_transaction = True
                self._armed = self._armed or self._proxy.takes(data)
                if self._armed and (b"COMMIT" in data or not self._in_transaction):
                    self._cut = True
                if b"COMMIT" in data or b"ROLLBACK" in data:
                    self._in_transaction = False
                self._server.sendall(data)
            self._server.shutdown(socket.SHUT_WR)

    def _to_client(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._server.recv(_SIZE):
                if self._cut:
                    self._proxy.lost += 1
                    break
                self._client.sendall(data)
        # Closing alone would not wake the other thread, which is reading.
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

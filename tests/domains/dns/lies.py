"""A name server that tells lies of one kind, by UDP and TCP, on an address of loopback."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from tests.domains.dns.servers import free_port

# Gets a question and the way that it came ("udp", "tcp"); gives what is sent back, message after message.
Lie = Callable[[bytes, str], "list[bytes]"]

_CODES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "HIP": 55}
LONG_NAME = b"\x01a" * 126 + b"\x00"


def bomb(head: bytes, *, kind: str, size: int) -> bytes:
    """An answer of about `size` octets, all of it pointers to one name of 126 labels. `head`: the question's id."""
    asked = LONG_NAME + struct.pack("!HH", 1, 1)
    records, body, room = 0, b"", size - 12 - len(asked)
    if kind == "HIP":
        data = b"\x01\x02\x00\x01xy" + b"\xc0\x0c" * ((room - 20) // 2)
        body, records = b"\xc0\x0c" + struct.pack("!HHIH", 55, 1, 60, len(data)) + data, 1
    while kind != "HIP":
        first = bytes((2, 97 + records % 26, 97 + records // 26 % 26)) + b"\xc0\x10"
        data = first + b"\xc0\x0c" + b"\0" * 20 if kind == "SOA" else first
        record = b"\xc0\x0c" + struct.pack("!HHIH", _CODES[kind], 1, 60, len(data)) + data
        if len(body) + len(record) > room:
            break
        body, records = body + record, records + 1
    return head + struct.pack("!5H", 0x8400, 1, records, 0, 0) + asked + body


class Liar:
    """Answers until it is closed. `asked`: how many questions came.

    pause: seconds after each octet that is sent by TCP. via: the socket that datagrams are sent from instead.
    """

    def __init__(
        self, address: str, port: int, lie: Lie, *, pause: float = 0.0, via: socket.socket | None = None
    ) -> None:
        self.address, self.port, self._lie, self._pause, self._via = address, port, lie, pause, via
        self.asked = 0
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Liar:
        for kind, work in ((socket.SOCK_DGRAM, self._datagrams), (socket.SOCK_STREAM, self._streams)):
            sock = socket.socket(socket.AF_INET, kind)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self.address, self.port))
            sock.settimeout(0.05)
            if kind == socket.SOCK_STREAM:
                sock.listen(64)
            self._sockets.append(sock)
            self._begin(work, sock)
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for sock in self._sockets:
            sock.close()

    def _begin(self, work: Callable[[socket.socket], None], sock: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(sock,))
        self._threads.append(thread)
        thread.start()

    def _datagrams(self, sock: socket.socket) -> None:
        while not self._over.is_set():
            try:
                question, client = sock.recvfrom(4096)
            except TimeoutError:
                continue
            self.asked += 1
            for octets in self._lie(question, "udp"):
                with contextlib.suppress(OSError):
                    (self._via or sock).sendto(octets, client)

    def _streams(self, sock: socket.socket) -> None:
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                self._begin(self._stream, sock.accept()[0])

    def _stream(self, sock: socket.socket) -> None:
        """Whole, or octet by octet with a pause after each."""
        with sock, contextlib.suppress(OSError):
            sock.settimeout(5)
            question = sock.recv(4096)[2:]
            self.asked += 1
            for octets in self._lie(question, "tcp"):
                said = struct.pack("!H", len(octets)) + octets
                if not self._pause:
                    sock.sendall(said)
                    continue
                for octet in said:
                    if self._over.wait(self._pause):
                        return
                    sock.sendall(bytes((octet,)))


@contextlib.contextmanager
def liar(lie: Lie, *, pause: float = 0.0, via: socket.socket | None = None) -> Iterator[Liar]:
    """One at a port that was free."""
    address = "127.0.0.31"
    with Liar(address, free_port(address), lie, pause=pause, via=via) as server:
        yield server


def cut(question: bytes) -> bytes:
    """An answer of nothing but "too long for UDP"."""
    return (
        question[:2] + struct.pack("!5H", 0x8600, 1, 0, 0, 0) + question[12 : question.index(b"\0", 12) + 5]
    )

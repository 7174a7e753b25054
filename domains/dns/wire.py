"""One question on the way to one name server, and its answer: UDP, then TCP for what does not fit.

Not dnspython's own transport: that keeps every datagram that a server sends until its turn comes, reads answers of
any length, and ends no reading in the middle.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct

import dns.exception
import dns.flags
import dns.message

from domains.dns.octets import MOST_OCTETS, tamed

# As resolvers announce it, so that answers are not broken into pieces (DNS Flag Day 2020).
PAYLOAD = 1232


class NoSense(Exception):
    """An answer that cannot be read, or to another question."""


async def exchange(question: dns.message.Message, address: str, port: int) -> dns.message.Message:
    """The answer. Waits as long as it takes. Raises OSError, EOFError, NoSense (by TCP; datagrams are passed over)."""
    answer = await _by_udp(question, address, port)
    return answer or await _by_tcp(question, address, port)


async def _by_udp(question: dns.message.Message, address: str, port: int) -> dns.message.Message | None:
    """None: it is too long for UDP."""
    loop = asyncio.get_running_loop()
    # Connected, so that the system drops what others send, and tells when nobody listens.
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: _Datagrams(question), remote_addr=(address, port)
    )
    try:
        transport.sendto(question.to_wire())
        return await protocol.answer
    finally:
        transport.abort()


class _Datagrams(asyncio.DatagramProtocol):
    """Keeps the first datagram that answers the question, and nothing else."""

    def __init__(self, question: dns.message.Message) -> None:
        self._question = question
        self.answer: asyncio.Future[dns.message.Message | None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self.answer.done() or data[:2] != self._question.id.to_bytes(2):
            return
        if _is_cut(data):
            self.answer.set_result(None)
            return
        with contextlib.suppress(NoSense):
            self.answer.set_result(_read(data, self._question))

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _by_tcp(question: dns.message.Message, address: str, port: int) -> dns.message.Message:
    reader, writer = await asyncio.open_connection(address, port, limit=MOST_OCTETS)
    try:
        octets = question.to_wire()
        writer.write(struct.pack("!H", len(octets)) + octets)
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        if length > MOST_OCTETS:
            raise NoSense
        return _read(await reader.readexactly(length), question)
    finally:
        writer.transport.abort()


def _is_cut(data: bytes) -> bool:
    """An answer that says it is not whole. What there is of it may end anywhere."""
    flags = int.from_bytes(data[2:4])
    return len(data) >= 12 and bool(flags & dns.flags.QR) and bool(flags & dns.flags.TC)


def _read(data: bytes, question: dns.message.Message) -> dns.message.Message:
    try:
        message = dns.message.from_wire(tamed(data))
    except Exception as error:  # whatever reading of hostile octets may raise
        raise NoSense from error
    if not question.is_response(message):
        raise NoSense
    return message

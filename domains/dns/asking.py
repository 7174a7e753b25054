"""Asking name servers, each question more than once if need be, always within the time that is left."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message

from domains.dns.replies import Reply, failed, read
from domains.dns.wire import PAYLOAD, NoSense, exchange

# Seconds for one try; the second one is for a packet that was lost.
ONE_TRY = 1.5
TRIES = 2
# Questions of one look-up. An honest chain of the greatest length needs less.
MOST_QUESTIONS = 150
SILENCE = "no answer"
NO_TIME = "no time left"
# What servers answer that know no EDNS (RFC 6891, 7).
_NO_EDNS = frozenset({"FORMERR", "NOTIMP"})


@dataclass(frozen=True)
class Server:
    """A name server. `name`: as people know it. `refusal`: why it is not asked."""

    name: str
    address: str
    port: int = 53
    recursive: bool = False
    refusal: str = ""

    def __str__(self) -> str:
        if self.name == self.address:
            return self.name
        return f"{self.name} ({self.address})" if self.address else self.name


@dataclass
class Asker:
    """Asks until `seconds` are over; what is left then is answered by nobody. One for each look-up.

    A server that let its first question go unanswered is not asked again: a chain may lead past it at every hop.
    """

    seconds: float
    _end: float = field(init=False)
    _left: int = field(init=False, default=MOST_QUESTIONS)
    _heard: set[tuple[str, int]] = field(init=False, default_factory=set)
    _silent: set[tuple[str, int]] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.seconds

    async def ask(self, server: Server, name: str, kind: str) -> Reply:
        """The answer; a server that fails is an answer too. Never raises."""
        if server.refusal:
            return failed(server.refusal)
        try:
            question = dns.message.make_query(name, kind, use_edns=0, payload=PAYLOAD)
        except dns.exception.DNSException:
            return failed("no host name")
        if not server.recursive:
            question.flags &= ~dns.flags.RD
        place = (server.address, server.port)
        if place in self._silent:
            return failed(SILENCE)
        reply = await self._tries(server, question, name, kind)
        if reply.reason not in {SILENCE, NO_TIME}:
            self._heard.add(place)
        elif reply.reason == SILENCE and place not in self._heard:
            self._silent.add(place)
        return reply

    async def _tries(self, server: Server, question: dns.message.Message, name: str, kind: str) -> Reply:
        reply = failed(SILENCE)
        for _ in range(TRIES):
            limit = min(ONE_TRY, self._end - time.monotonic())
            if limit <= 0 or self._left <= 0:
                return failed(NO_TIME)
            self._left -= 1
            reply = await self._try(server, question, name, kind, limit)
            if reply.reason in _NO_EDNS and question.edns >= 0:
                question.use_edns(False)
            elif reply.reason != SILENCE:
                break
        return reply

    async def _try(
        self, server: Server, question: dns.message.Message, name: str, kind: str, limit: float
    ) -> Reply:
        try:
            async with asyncio.timeout(limit):
                message = await exchange(question, server.address, server.port)
        except TimeoutError:
            return failed(SILENCE)
        except (OSError, EOFError, ValueError):
            return failed("not reachable")
        except NoSense:
            return failed("an answer that makes no sense")
        return read(message, name, kind, recursive=server.recursive)

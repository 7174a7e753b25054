"""Asking one name server one question: UDP, then TCP for what does not fit, always within the time that is left."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message

from domains.dns.replies import Reply, failed, read

# Seconds for one try; the second one is for a packet that was lost.
ONE_TRY = 1.5
TRIES = 2
# Questions of one look-up. An honest chain of the greatest length needs less.
MOST_QUESTIONS = 150
# As resolvers announce it, so that answers are not broken into pieces (DNS Flag Day 2020).
PAYLOAD = 1232


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
    """Asks until `seconds` are over; what is left then is answered by nobody. One for each look-up."""

    seconds: float
    _end: float = field(init=False)
    _left: int = field(init=False, default=MOST_QUESTIONS)

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
        reply = failed("no answer")
        for _ in range(TRIES):
            limit = min(ONE_TRY, self._end - time.monotonic())
            if limit <= 0 or self._left <= 0:
                return failed("no time left")
            self._left -= 1
            reply = await self._try(server, question, name, kind, limit)
            if reply.reason != "no answer":
                break
        return reply

    async def _try(
        self, server: Server, question: dns.message.Message, name: str, kind: str, limit: float
    ) -> Reply:
        try:
            # A server may stop in the middle of a TCP answer, so the limit is on the whole of it.
            async with asyncio.timeout(limit):
                message, _ = await dns.asyncquery.udp_with_fallback(
                    question,
                    server.address,
                    timeout=limit,
                    port=server.port,
                    ignore_unexpected=True,
                    ignore_errors=True,
                )
        except (TimeoutError, dns.exception.Timeout):
            return failed("no answer")
        except (OSError, EOFError):
            return failed("not reachable")
        except (dns.exception.DNSException, ValueError):
            return failed("an answer that makes no sense")
        return read(message, name, kind, recursive=server.recursive)

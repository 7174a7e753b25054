"""Looking a host name up: at every authoritative server and, when those lead to the portal, at the resolvers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from domains.dns.asking import Asker, Server
from domains.dns.authority import Authority
from domains.dns.replies import Reply, Says
from domains.dns.verdicts import (
    LONGEST_CHAIN,
    Judgement,
    Seen,
    Sight,
    judge,
    proof_name,
)

# Rows of evidence that are kept.
MOST_ROWS = 24


@dataclass(frozen=True)
class Wanted:
    """What is looked for: `host` led to `expected`, or, where no alias can stand, our addresses and the proof.

    our_addresses: those of the edge that are known without asking; the ones of `expected` are added.
    """

    host: str
    expected: str
    proof: str
    our_addresses: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    """One line of the evidence: whom we asked, what, and what was seen. `ttl` in seconds."""

    server: str
    is_resolver: bool
    asked: str
    seen: str
    ttl: int | None
    leads_here: bool


@dataclass(frozen=True)
class Finding:
    """All that one look-up found. `target`: the last name of a chain that leads elsewhere.

    is_apex: the host is the top of its zone, where no CNAME can stand.
    """

    judgement: Judgement
    rows: tuple[Row, ...]
    target: str = ""
    is_apex: bool = False


@dataclass
class Lookup:
    """One look-up; nothing of it is kept for the next one."""

    wanted: Wanted
    resolvers: Sequence[Server]
    seconds: float
    loopback_port: int | None = None
    _rows: list[Row] = field(default_factory=list)
    _is_apex: bool = False
    # What the portal's host leads to; asked for once, by whoever comes first.
    _edge: asyncio.Future[list[str]] | None = None

    def find(self) -> Finding:
        """`run`, in a thread of its own, since an event loop may be running in this one."""
        with ThreadPoolExecutor(1, "dns") as pool:
            return pool.submit(lambda: asyncio.run(self.run())).result()

    async def run(self) -> Finding:
        """Asks everybody. Never raises on what they answer, and ends when the seconds are over."""
        self._asker = Asker(self.seconds)
        self._authority = Authority(self._asker, self.resolvers, self.loopback_port)
        authoritative = await self._follow(self.wanted.host, ())
        seen: list[Sight] = []
        if any(sight.seen in {Seen.PORTAL, Seen.PARTLY} for sight in authoritative):
            seen = list(await asyncio.gather(*(self._through(server) for server in self.resolvers)))
        judgement = judge(authoritative, seen)
        target = next((sight.target for sight in authoritative if sight.seen is Seen.ELSEWHERE), "")
        return Finding(judgement, self._kept(), target, self._is_apex)

    def _kept(self) -> tuple[Row, ...]:
        """Many servers of one zone leave room for what the resolvers see."""
        of_resolvers = [row for row in self._rows if row.is_resolver][: MOST_ROWS // 2]
        others = [row for row in self._rows if not row.is_resolver]
        return (*others[: MOST_ROWS - len(of_resolvers)], *of_resolvers)

    # --- the authoritative servers ------------------------------------------------------------------------------

    async def _follow(self, name: str, trail: tuple[str, ...]) -> list[Sight]:
        """Where each server of the name's zone leads; `trail` are the names that led here."""
        zone = await self._authority.of(name)
        self._is_apex = self._is_apex or (not trail and zone.name == name)
        if not zone.servers:
            self._note(Server("—", ""), f"{name} NS", "no name servers found", None, Seen.FAILED)
        replies = await asyncio.gather(*(self._asker.ask(server, name, "CNAME") for server in zone.servers))
        behind = {alias: await self._beyond(alias, (*trail, name)) for alias in _aliases(replies)}
        return list(
            await asyncio.gather(
                *(
                    self._sight(server, name, reply, behind.get(reply.alias), is_first=not trail)
                    for server, reply in zip(zone.servers, replies, strict=True)
                )
            )
        )

    async def _beyond(self, alias: str, trail: tuple[str, ...]) -> Sight:
        """Where an alias leads in the end."""
        if alias == self.wanted.expected:
            return Sight(Seen.PORTAL)
        if alias in trail:
            return Sight(Seen.LOOP, alias)
        if len(trail) >= LONGEST_CHAIN:
            return Sight(Seen.TOO_LONG, alias)
        return _together(await self._follow(alias, trail), alias)

    async def _sight(
        self, server: Server, name: str, reply: Reply, behind: Sight | None, *, is_first: bool
    ) -> Sight:
        asked = f"{name} CNAME"
        if behind is not None:
            sight = Sight(behind.seen, behind.target or reply.alias, _later(reply.ttl, behind))
            self._note(server, asked, reply.alias, reply.ttl, sight.seen)
        elif reply.says is Says.NO_DATA and is_first:
            sight = await self._addresses(server, name, reply)
        elif reply.says in {Says.NO_DATA, Says.NO_NAME}:
            # At the end of a chain it is the alias that has to change, not what is missing there.
            sight = Sight(Seen.NOTHING, ttl=reply.ttl) if is_first else Sight(Seen.ELSEWHERE, name)
            self._note(server, asked, _nothing(reply), reply.ttl, sight.seen)
        else:
            sight = Sight(Seen.FAILED)
            self._note(server, asked, reply.reason or "another server is responsible", None, sight.seen)
        return sight

    async def _addresses(self, server: Server, name: str, no_alias: Reply) -> Sight:
        """The name is there without an alias: has it addresses, ours, and the proof?"""
        replies = await asyncio.gather(*(self._asker.ask(server, name, kind) for kind in ("A", "AAAA")))
        found = [reply for reply in replies if reply.says is Says.RECORDS]
        if not found:
            failed = next((reply for reply in replies if reply.says is Says.FAILED), None)
            sight = Sight(Seen.FAILED) if failed else Sight(Seen.NOTHING, ttl=no_alias.ttl)
            said = failed.reason if failed else _nothing(no_alias)
            self._note(server, f"{name} CNAME", said, no_alias.ttl, sight.seen)
            return sight
        addresses = sorted({address for reply in found for address in reply.records})
        seen, ttl = Seen.ADDRESSES, max(reply.ttl or 0 for reply in found)
        if set(addresses) <= await self._ours():
            seen, ttl = await self._proof(server, ttl)
        self._note(server, f"{name} A, AAAA", ", ".join(addresses[:4]), ttl, seen)
        return Sight(seen, ttl=ttl)

    async def _proof(self, server: Server, ttl: int) -> tuple[Seen, int]:
        name = proof_name(self.wanted.host)
        reply = await self._asker.ask(server, name, "TXT")
        if self.wanted.proof in reply.records:
            self._note(server, f"{name} TXT", self.wanted.proof, reply.ttl, Seen.PORTAL)
            return Seen.PORTAL, ttl
        if reply.says is Says.FAILED:
            self._note(server, f"{name} TXT", reply.reason, None, Seen.FAILED)
            return Seen.FAILED, ttl
        said = ", ".join(reply.records)[:200] if reply.records else _nothing(reply)
        self._note(server, f"{name} TXT", said, reply.ttl, Seen.OUR_ADDRESSES)
        return Seen.OUR_ADDRESSES, reply.ttl if reply.ttl is not None else ttl

    async def _ours(self) -> frozenset[str]:
        if self._edge is None:
            self._edge = asyncio.ensure_future(self._authority.addresses(self.wanted.expected))
        return self.wanted.our_addresses | frozenset(await self._edge)

    # --- the resolvers ------------------------------------------------------------------------------------------

    async def _through(self, server: Server) -> Sight:
        """Where a resolver leads, hop by hop, so that what it keeps of each is seen."""
        name, trail = self.wanted.host, set[str]()
        while True:
            reply = await self._hop(server, name)
            if reply.says is not Says.ALIAS:
                return await self._sight(server, name, reply, None, is_first=not trail)
            trail.add(name)
            if reply.alias == self.wanted.expected:
                seen = Seen.PORTAL
            elif reply.alias in trail or len(trail) > LONGEST_CHAIN:
                seen = Seen.LOOP if reply.alias in trail else Seen.TOO_LONG
            else:
                name = reply.alias
                continue
            self._note(server, f"{name} A", reply.alias, reply.ttl, seen)
            return Sight(seen, reply.alias, reply.ttl)

    async def _hop(self, server: Server, name: str) -> Reply:
        """What visitors ask for, since a resolver may remember only of that record that it was not there."""
        reply = await self._asker.ask(server, name, "A")
        if reply.says is Says.FAILED:  # what the alias leads to cannot be resolved; the alias may be
            return await self._asker.ask(server, name, "CNAME")
        return replace(reply, says=Says.NO_DATA) if reply.says is Says.RECORDS else reply

    def _note(self, server: Server, asked: str, seen: str, ttl: int | None, sight: Seen) -> None:
        self._rows.append(Row(str(server), server.recursive, asked, seen, ttl, sight is Seen.PORTAL))


def _aliases(replies: Sequence[Reply]) -> list[str]:
    return list(dict.fromkeys(reply.alias for reply in replies if reply.says is Says.ALIAS))


def _together(sights: Sequence[Sight], alias: str) -> Sight:
    """What the servers of a later hop say, as one."""
    said = [sight for sight in sights if sight.seen is not Seen.FAILED]
    if not said:
        return Sight(Seen.FAILED, alias)
    ttl = max((sight.ttl for sight in said if sight.ttl is not None), default=None)
    here = [sight for sight in said if sight.seen is Seen.PORTAL]
    if here and len(here) == len(said):
        return Sight(Seen.PORTAL, ttl=ttl)
    if here or any(sight.seen is Seen.PARTLY for sight in said):
        return Sight(Seen.PARTLY, ttl=ttl)
    return Sight(said[0].seen, said[0].target, ttl)


def _later(ttl: int | None, behind: Sight) -> int | None:
    """How long the whole chain may be kept as it is: the fault may be at this hop or behind it."""
    known = [value for value in (ttl, behind.ttl) if value is not None]
    return max(known, default=None)


def _nothing(reply: Reply) -> str:
    return "no such name" if reply.says is Says.NO_NAME else "no such record"

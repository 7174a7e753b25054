"""Which servers are responsible for a name: found from the top downwards, by referrals.

The resolvers are asked for the servers of the top-level domain and for addresses of name servers only. Asking them
for the host itself, before it is there, would plant the answer "no such name" in their memory for the very people
who wait for it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from domains.dns.addresses import is_public
from domains.dns.asking import Asker, Server
from domains.dns.replies import Reply, Says

# Servers of one zone that are asked, and addresses of each.
MOST_SERVERS = 8
MOST_ADDRESSES = 2
# Servers that are asked at once for the way down; the first answer is enough.
MOST_ASKED = 3
# Cuts between a top-level domain and a host; a longer way is somebody's joke.
MOST_CUTS = 8


@dataclass(frozen=True)
class Zone:
    """The zone that holds a name, and who serves it; no servers when nobody knows."""

    name: str
    servers: tuple[Server, ...]


@dataclass
class Authority:
    """Finds zones. `loopback_port`: for tests alone, lets servers be on loopback, and asks them on that port."""

    asker: Asker
    resolvers: Sequence[Server]
    loopback_port: int | None = None
    _known: dict[str, Zone] = field(default_factory=dict)

    async def of(self, name: str) -> Zone:
        """The zone of the name, as far down as its servers tell."""
        zone = await self._top(name)
        for _ in range(MOST_CUTS):
            below = await self._below(zone, name)
            if below is None:
                return zone
            zone = below
        return zone

    async def _top(self, name: str) -> Zone:
        """The highest zone above the name that the resolvers know servers of: `net`, or a company's own `corp`."""
        labels = name.split(".")
        for count in range(1, len(labels) + 1):
            candidate = ".".join(labels[-count:])
            if candidate in self._known:
                return self._known[candidate]
            reply = await self._resolve(candidate, "NS")
            if reply.says is Says.RECORDS:
                return await self._zone(candidate, reply.records, ())
            if reply.says is Says.FAILED:
                break
        return Zone("", ())

    async def _below(self, zone: Zone, name: str) -> Zone | None:
        """The zone between this one and the name, if there is one."""
        reply, server = await self._first(zone, name)
        if server is None or not _is_below(reply.zone, zone.name) or not _covers(reply.zone, name):
            return None
        if reply.zone in self._known:
            return self._known[reply.zone]
        if reply.says is Says.REFERRAL:
            return await self._zone(reply.zone, reply.servers, reply.glue)
        # The server holds the lower zone as well, and answers out of it instead of referring.
        names = await self.asker.ask(server, reply.zone, "NS")
        return await self._zone(reply.zone, names.records, ()) if names.says is Says.RECORDS else None

    async def _first(self, zone: Zone, name: str) -> tuple[Reply, Server | None]:
        """Whose the name is, as the first server says that answers."""
        asked = [asyncio.ensure_future(self._whose(server, name)) for server in zone.servers[:MOST_ASKED]]
        try:
            for answer in asyncio.as_completed(asked):
                reply, server = await answer
                if reply.says is not Says.FAILED:
                    return reply, server
        finally:
            for task in asked:
                task.cancel()
        return Reply(Says.FAILED), None

    async def _whose(self, server: Server, name: str) -> tuple[Reply, Server]:
        reply = await self.asker.ask(server, name, "SOA")
        if reply.says is Says.ALIAS:
            # An alias hides its zone; the name above it does not, and no zone begins at an alias.
            name = name.partition(".")[2]
            reply = await self.asker.ask(server, name, "SOA")
        return (replace(reply, zone=name) if reply.says is Says.RECORDS else reply), server

    async def _zone(self, name: str, names: Iterable[str], glue: tuple[tuple[str, str], ...]) -> Zone:
        chosen = sorted(set(names))[:MOST_SERVERS]
        found = await asyncio.gather(*(self._servers(server, glue) for server in chosen))
        zone = self._known[name] = Zone(name, tuple(server for servers in found for server in servers))
        return zone

    async def _servers(self, name: str, glue: tuple[tuple[str, str], ...]) -> list[Server]:
        addresses = [address for owner, address in glue if owner == name] or await self.addresses(name)
        # IPv4 reaches everybody; where a server has none, or this machine, the other must do.
        addresses.sort(key=lambda address: (not has_way(address), ":" in address, address))
        addresses = [address for address in addresses if (":" in address) == (":" in addresses[0])]
        if not addresses:
            return [Server(name, "", refusal="has no address")]
        return [self._server(name, address) for address in addresses[:MOST_ADDRESSES]]

    def _server(self, name: str, address: str) -> Server:
        if self.loopback_port is not None:
            return Server(name, address, self.loopback_port)
        if not is_public(address):
            # The evidence is for people outside, who have no business with what our resolvers see in here.
            return Server(name, "", refusal="not asked: the address is not public")
        return Server(name, address)

    async def addresses(self, name: str) -> list[str]:
        """The addresses of a name, as the resolvers see them."""
        replies = await asyncio.gather(*(self._resolve(name, kind) for kind in ("A", "AAAA")))
        return [address for reply in replies for address in reply.records]

    async def _resolve(self, name: str, kind: str) -> Reply:
        """The first answer of a resolver that is one; behind aliases too, which name servers should not have."""
        reply = Reply(Says.FAILED)
        for resolver in self.resolvers:
            reply = await self.asker.ask(resolver, name, kind)
            if reply.says is not Says.FAILED:
                return reply
        return reply


def has_way(address: str) -> bool:
    """Whether this machine knows a way to the address. Sends nothing."""
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(kind, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect((str(ip_address(address)), 53))
    except (OSError, ValueError):
        return False
    return True


def _is_below(zone: str, other: str) -> bool:
    return bool(zone) and zone != other and _covers(other, zone)


def _covers(zone: str, name: str) -> bool:
    return name == zone or name.endswith("." + zone) or not zone

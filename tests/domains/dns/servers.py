"""Real name servers on loopback: NSD for zones, Unbound as a resolver that caches.

All authoritative servers listen on one port, each on a loopback address of its own, as DNS_LOOPBACK_PORT has it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

import dns.exception
import dns.message
import dns.query
import dns.rcode

from portaladmin.up import launch
from tests.domains import programs
from tests.waiting import until

SOA = "@ {ttl} IN SOA ns.invalid. hostmaster.invalid. {serial} 3600 600 86400 {negative}\n"


def free_port(*addresses: str) -> int:
    """A port that is free for UDP and TCP on all the addresses."""
    while True:
        with contextlib.ExitStack() as held:
            port = 0
            try:
                for address in addresses:
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        taken = held.enter_context(socket.socket(socket.AF_INET, kind))
                        taken.bind((address, port))
                        port = taken.getsockname()[1]
            except OSError:
                continue
            return port


class Server:
    """A process that answers on an address, in a folder of its own."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self._folder = tempfile.TemporaryDirectory(prefix="portaladmin-dns-", dir="/tmp")
        self.folder = Path(self._folder.name)
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = launch.start(self.command(), environ=os.environ, cwd=self.folder, output=log)

    def ask(self, name: str, kind: str) -> dns.message.Message | None:
        """Its answer, None while it gives none."""
        question = dns.message.make_query(name, kind)
        try:
            return dns.query.udp(question, self.address, timeout=1, port=self.port)
        except (OSError, dns.exception.DNSException):
            return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._folder.cleanup()


class Authoritative(Server):
    """NSD with zones: by zone name, the lines behind its SOA record."""

    def __init__(self, address: str, port: int, zones: Mapping[str, str], *, negative: int = 300) -> None:
        super().__init__(address, port)
        self.zones = dict(zones)
        self.negative = negative
        self.serial = 1

    def command(self) -> list[str]:
        return [programs.find("nsd"), "-d", "-c", str(self.folder / "nsd.conf")]

    def __enter__(self) -> Authoritative:
        self._write()
        self.start()
        self._await()
        return self

    def put(self, zone: str, records: str) -> None:
        """Other records, in effect on return."""
        self.zones[zone] = records
        self.serial += 1
        self._write()
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)
        self._await()

    def _await(self) -> None:
        def serves(zone: str) -> bool:
            answer = self.ask(zone, "SOA")
            return bool(answer and answer.answer and answer.answer[0][0].serial == self.serial)

        for zone in self.zones:
            until(lambda zone=zone: serves(zone), what=f"{zone} at {self.address}: {self._said()}")  # type: ignore[misc]

    def _said(self) -> str:
        return (self.folder / "log").read_text()[-500:]

    def _write(self) -> None:
        lines = [
            "server:",
            f"  ip-address: {self.address}@{self.port}",
            '  username: ""',
            f'  zonesdir: "{self.folder}"',
            '  database: ""',
            f'  pidfile: "{self.folder}/pid"',
            f'  xfrdfile: "{self.folder}/xfrd"',
            f'  zonelistfile: "{self.folder}/zones"',
            "  server-count: 1",
            "  refuse-any: no",
            "remote-control:",
            "  control-enable: no",
        ]
        for zone, records in self.zones.items():
            soa = SOA.format(ttl=self.negative, serial=self.serial, negative=self.negative)
            (self.folder / f"{zone}.zone").write_text(f"$ORIGIN {zone}.\n{soa}{records}\n")
            lines += ["zone:", f"  name: {zone}", f"  zonefile: {zone}.zone"]
        (self.folder / "nsd.conf").write_text("\n".join([*lines, ""]))


class Resolver(Server):
    """Unbound, which finds each zone at the given servers, and keeps what it was told."""

    def __init__(self, address: str, port: int, stubs: Mapping[str, list[str]], upstream: int) -> None:
        super().__init__(address, port)
        self.stubs = stubs
        self.upstream = upstream

    def command(self) -> list[str]:
        return [programs.find("unbound"), "-d", "-c", str(self.folder / "unbound.conf")]

    def __enter__(self) -> Resolver:
        lines = [
            "server:",
            f"  interface: {self.address}@{self.port}",
            '  username: ""',
            '  chroot: ""',
            f'  directory: "{self.folder}"',
            '  pidfile: ""',
            "  use-syslog: no",
            "  num-threads: 1",
            "  do-not-query-localhost: no",
            "  do-ip6: no",
            '  module-config: "iterator"',
            "  qname-minimisation: no",
            '  local-zone: "com." nodefault',
            "remote-control:",
            "  control-enable: no",
        ]
        for zone, addresses in self.stubs.items():
            lines += ["stub-zone:", f'  name: "{zone}"']
            lines += [f"  stub-addr: {address}@{self.upstream}" for address in addresses]
        (self.folder / "unbound.conf").write_text("\n".join([*lines, ""]))
        self.start()
        until(lambda: self.ask("com", "SOA"), what="the resolver")
        return self


class Internet:
    """A little one: the zone `com` at PARENT, `contoso.com` at FIRST and SECOND, `portals.com` at PARENT.

    A resolver that caches is at RESOLVER.
    """

    PARENT, FIRST, SECOND, RESOLVER = "127.0.0.21", "127.0.0.22", "127.0.0.23", "127.0.0.24"
    DELEGATION = """
@ 60 IN NS ns.com.
ns 60 IN A {parent}
contoso 60 IN NS ns1.contoso
contoso 60 IN NS ns2.contoso
ns1.contoso 60 IN A {first}
ns2.contoso 60 IN A {second}
portals 60 IN NS ns.com.
{more}"""
    PORTALS = "@ 60 IN NS ns.com.\nhelp 60 IN A 203.0.113.10\nother 60 IN A 203.0.113.10\n"

    def __init__(
        self, contoso: str = "", *, second: str | None = None, more: str = "", negative: int = 300
    ) -> None:
        self.port = free_port(self.PARENT, self.FIRST, self.SECOND, self.RESOLVER)
        named = "@ 60 IN NS ns1\n@ 60 IN NS ns2\nns1 60 IN A {}\nns2 60 IN A {}\n"
        self._head = named.format(self.FIRST, self.SECOND)
        delegation = self.DELEGATION.format(
            parent=self.PARENT, first=self.FIRST, second=self.SECOND, more=more
        )
        zones = {"com": delegation, "portals.com": self.PORTALS}
        self.parent = Authoritative(self.PARENT, self.port, zones, negative=negative)
        self.first = Authoritative(
            self.FIRST, self.port, {"contoso.com": self._head + contoso}, negative=negative
        )
        self.second = Authoritative(
            self.SECOND,
            self.port,
            {"contoso.com": self._head + (contoso if second is None else second)},
            negative=negative,
        )
        stubs = {
            "com": [self.PARENT],
            "portals.com": [self.PARENT],
            "contoso.com": [self.FIRST, self.SECOND],
        }
        self.resolver = Resolver(self.RESOLVER, self.port, stubs, self.port)

    def put(self, records: str, *, first: bool = True, second: bool = True) -> None:
        """Other records of contoso.com, at both servers or at one of them."""
        for server, wanted in ((self.first, first), (self.second, second)):
            if wanted:
                server.put("contoso.com", self._head + records)


@contextlib.contextmanager
def internet(*args: str, **more: object) -> Iterator[Internet]:
    """The little internet while it runs."""
    programs.find("nsd")
    programs.find("unbound")
    net = Internet(*args, **more)  # type: ignore[arg-type]
    with net.parent, net.first, net.second, net.resolver:
        yield net

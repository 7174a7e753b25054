"""The local agent: gives a proxy of one's own (Caddy) the certificate of a name, out of the same snapshot.

Caddy asks it at every full handshake and waits without end, so it answers from memory, never from the database. What
it hands out are private keys: it listens on loopback only, and wants a token. A proxy asks
`GET /certificate?server_name=<host>` with the token as the password of Basic authentication, and gets a PEM file (200),
or nothing for a name that is not ours (204).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import logging
import socket
from collections import OrderedDict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv6Address
from threading import Lock
from urllib.parse import parse_qs

from accounts.vault import CannotOpen
from domains.edge.choosing import host_of
from domains.edge.snapshot import Served, Snapshot
from domains.edge.watcher import Watcher

log = logging.getLogger(__name__)

PATH = "/certificate"
# Caddy asks before it issues certificates of its own, which it never shall: every name that has one is ours to give.
ASK = "/ask"
SHORTEST_TOKEN = 32  # characters
IDLE = 60.0  # seconds


class NotSafe(Exception):
    """The agent would give keys to strangers: the message says what to set."""


class Bundles:
    """Chain and key as one file of text, for the certificates that were asked for last."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def of(self, served: Served) -> bytes:
        """Raises vault.CannotOpen."""
        with self._lock:
            if (known := self._kept.get(served.key)) is not None:
                self._kept.move_to_end(served.key)
                return known
        made = f"{served.chain.strip()}\n{served.private_key().strip()}\n".encode()
        with self._lock:
            self._kept[served.key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


class Agent(ThreadingHTTPServer):
    """Listens on loopback. Raises NotSafe."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: str, *, token: str, snapshot: Callable[[], Snapshot], most: int) -> None:
        name, _, port = address.rpartition(":")
        host = _loopback(name.strip("[]"))
        if host.version == 6:
            self.address_family = socket.AF_INET6
        _require_long(token)
        self.token, self.snapshot, self.bundles = token.encode(), snapshot, Bundles(most)
        super().__init__((str(host), int(port)), _Handler)


def _loopback(host: str) -> IPv4Address | IPv6Address:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        found = None
    if found is None or not found.is_loopback:
        raise NotSafe("EDGE_AGENT_ADDRESS must be an address of this machine alone, such as 127.0.0.1:8444.")
    return found


def _require_long(token: str) -> None:
    if len(token) < SHORTEST_TOKEN:
        raise NotSafe(
            f"EDGE_AGENT_TOKEN wants {SHORTEST_TOKEN} characters at least; make one with: openssl rand -hex 32"
        )


class _Handler(BaseHTTPRequestHandler):
    server: Agent
    # The proxy keeps its connections: a handshake costs one question, not one connection too.
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    # Head and body leave as one packet; two would wait for each other.
    wbufsize = 64 * 1024

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if not self._has_token():
            self._answer(401, b"")
        elif path == PATH:
            self._certificate(parse_qs(query).get("server_name", [""])[0])
        else:
            self._answer(403 if path == ASK else 404, b"")

    def _has_token(self) -> bool:
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        try:
            _, _, given = base64.b64decode(encoded, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(given, self.server.token)

    def _certificate(self, name: str) -> None:
        served = self.server.snapshot().find(host_of(name)) if name else None
        if served is None:
            self._answer(204, b"")
            return
        try:
            self._answer(200, self.server.bundles.of(served))
        except CannotOpen:
            log.exception("The certificate of %s cannot be served", name)
            self._answer(500, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if body:
            self.send_header("Content-Type", "application/pem-certificate-chain")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """One line a handshake is too much, and names who visits."""


def run(address: str, *, token: str, most: int) -> None:
    """Runs until it is told to end. Listens when it knows what to serve. Raises NotSafe."""
    watcher = Watcher()
    with Agent(address, token=token, snapshot=lambda: watcher.current, most=most) as agent:
        watcher.start()
        watcher.wait()
        agent.serve_forever()

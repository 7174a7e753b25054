"""What stands between a handshake and the web application: time limits, and what a request must be to come through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn._types import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    HTTPScope,
    Scope,
)
from uvicorn.protocols.http.h11_impl import H11Protocol

from domains.edge.choosing import host_of
from domains.edge.snapshot import Snapshot

# Seconds. A client has so long for the head of a request, its first after the handshake or a later one, ...
HEAD_WITHIN = 15.0
# ... and from there on until it sent the body and took the answer.
ANSWER_WITHIN = 120.0
# Bytes. Portals take no forms; more than this nobody sends them in good faith.
LARGEST_BODY = 1024 * 1024

_SAID = {
    400: b"This request makes no sense.\n",
    413: b"That is too much.\n",
    421: b"This host is not served here.\n",
}
# Nobody stands before the edge, so nobody may say for whom a request comes, or which proxy to use for others.
_OF_PROXIES = frozenset({b"forwarded", b"proxy", b"x-real-ip"})

Headers = list[tuple[bytes, bytes]]


class EdgeProtocol(H11Protocol):
    """One connection: tells the application which host its handshake was for, and ends when a client dawdles.

    The server itself limits only the time between two requests. Whoever sends a head or a body byte by byte, or does
    not read, would keep a connection for good.
    """

    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        handshake = transport.get_extra_info("ssl_object")
        self.app_state = {**self.app_state, "host": getattr(handshake, "chosen_host", None)}
        self._wait(HEAD_WITHIN)

    def data_received(self, data: bytes) -> None:
        if self._clock is None:  # the first bytes of one more request
            self._wait(HEAD_WITHIN)
        super().data_received(data)

    def handle_events(self) -> None:
        known = self.cycle
        super().handle_events()
        if self.cycle is not known:
            self._wait(ANSWER_WITHIN)

    def on_response_complete(self) -> None:
        self._wait(None)  # the server has a limit of its own until more comes
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)

    def _wait(self, seconds: float | None) -> None:
        if self._clock is not None:
            self._clock.cancel()
        # At once: a client that does not read would not read a farewell either.
        self._clock = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)


class Application:
    """Leads requests to the web application; the Host header must name what the certificate was chosen for."""

    def __init__(self, inner: ASGI3Application, snapshot: Callable[[], Snapshot]) -> None:
        self._inner = inner
        self._snapshot = snapshot

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            return
        if status := self._refusal(scope):
            await _refuse(status, send)
            return
        # Before it takes one of the few threads, so that slow bodies hold up nobody but themselves.
        body = await _body(receive)
        if body is None:
            await _refuse(413, send)
            return
        headers = [*_ours(scope["headers"]), (b"content-length", str(len(body)).encode())]
        await self._inner({**scope, "headers": headers}, _replayed(body, receive), send)

    def _refusal(self, scope: HTTPScope) -> int | None:
        headers = list(scope["headers"])
        names = {name for name, _ in headers}
        # Addresses of other servers are for proxies; two lengths of one body are how requests are smuggled.
        if not scope["raw_path"].startswith(b"/") or {b"content-length", b"transfer-encoding"} <= names:
            return 400
        hosts = [value for name, value in headers if name == b"host"]
        host = host_of(hosts[0].decode("latin-1")) if len(hosts) == 1 else ""
        state: dict[str, Any] = scope.get("state") or {}
        # RFC 9110, 15.5.20: what one host's certificate protects is not for another host's pages. A host that was
        # unbound meanwhile is not served on connections that are still open either.
        if host != state.get("host") or self._snapshot().find(host) is None:
            return 421
        return None


async def _refuse(status: int, send: ASGISendCallable) -> None:
    said = _SAID[status]
    headers: Headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(said)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": said, "more_body": False})


def _ours(headers: Any) -> Headers:
    """What a browser may say. To the web application `a_b` would be `a-b`, so there is none of it."""
    return [
        (name, value)
        for name, value in headers
        if name not in _OF_PROXIES
        and not name.startswith(b"x-forwarded-")
        and name not in {b"content-length", b"transfer-encoding"}
        and b"_" not in name
    ]


async def _body(receive: ASGIReceiveCallable) -> bytes | None:
    """All of it; None: too much. What came before the client went away is as good as any."""
    body = bytearray()
    while True:
        message = cast("dict[str, Any]", await receive())
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: ASGIReceiveCallable) -> ASGIReceiveCallable:
    """Gives the body once more, then what comes."""
    left: list[ASGIReceiveEvent] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> ASGIReceiveEvent:
        return left.pop() if left else await receive()

    return again

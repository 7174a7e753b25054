"""What stands between a handshake and the web application: 421 for a host that is not the handshake's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from domains.edge.choosing import host_of
from domains.edge.snapshot import Snapshot

# Seconds that a client may be silent behind its handshake, or take to send the head of its first request.
FIRST_REQUEST_WITHIN = 15.0

_BODY = b"This host is not served here.\n"
_HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", str(len(_BODY)).encode()),
    (b"connection", b"close"),
]


class EdgeProtocol(H11Protocol):
    """One connection: tells the application which host its handshake was for, and ends when nobody speaks."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        handshake = transport.get_extra_info("ssl_object")
        self.app_state = {**self.app_state, "host": getattr(handshake, "chosen_host", None)}
        self._silence = self.loop.call_later(FIRST_REQUEST_WITHIN, self._end_of_patience)

    def handle_events(self) -> None:
        super().handle_events()
        # The head of a request came: from here on the server's own limits hold.
        if getattr(self, "cycle", None) is not None:
            self._silence.cancel()

    def _end_of_patience(self) -> None:
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._silence.cancel()
        super().connection_lost(exc)


class Application:
    """Leads requests to the web application; the Host header must name what the certificate was chosen for."""

    def __init__(self, inner: ASGI3Application, snapshot: Callable[[], Snapshot]) -> None:
        self._inner = inner
        self._snapshot = snapshot

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            return
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        host = host_of(hosts[0].decode("latin-1")) if len(hosts) == 1 else ""
        state: dict[str, Any] = scope.get("state") or {}
        # RFC 9110, 15.5.20: what one host's certificate protects is not for another host's pages. A host that was
        # unbound meanwhile is not served on connections that are still open either.
        if host != state.get("host") or self._snapshot().find(host) is None:
            await send({"type": "http.response.start", "status": 421, "headers": _HEADERS, "trailers": False})
            await send({"type": "http.response.body", "body": _BODY, "more_body": False})
            return
        await self._inner(scope, receive, send)

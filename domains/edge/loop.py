"""The embedded edge's event loop: clients have little time for their handshake, since each holds a socket."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

# Seconds from the connection to the end of the handshake; asyncio alone gives a minute.
HANDSHAKE_WITHIN = 10.0


class EdgeLoop(asyncio.SelectorEventLoop):
    """asyncio's own, with that limit on every listener."""

    async def create_server(self, *args: Any, **options: Any) -> asyncio.Server:
        if options.get("ssl") is not None:
            options.setdefault("ssl_handshake_timeout", HANDSHAKE_WITHIN)
        return await super().create_server(*args, **options)


def allow_many_files() -> None:
    """As many open sockets as this user may have, instead of the 1024 that shells hand down."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

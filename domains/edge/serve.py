"""The embedded edge: one process that listens on HTTPS_PORT, ends TLS and runs the web application behind it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, cast

import uvicorn
from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from uvicorn._types import ASGI3Application

from domains.edge import choosing
from domains.edge.application import Application, EdgeProtocol
from domains.edge.contexts import Contexts
from domains.edge.loop import allow_many_files
from domains.edge.watcher import Watcher

# Seconds.
KEEP_ALIVE = 15
GRACE = 5


def config(
    *, host: str, port: int, watcher: Watcher, application: Callable[..., Any] | None = None
) -> uvicorn.Config:
    """The server's settings. `application`: WSGI, the portals' own unless another one is given."""
    contexts = Contexts(settings.EDGE_CONTEXTS)

    def listener(_: uvicorn.Config, __: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        return choosing.context(lambda: watcher.current, contexts)

    wsgi = application or get_internal_wsgi_application()
    # An answer waits in memory for a client that is slow to take it, never in one of the few threads.
    inner = WSGIMiddleware(cast(Any, wsgi), workers=settings.EDGE_THREADS, send_queue_size=0)
    return uvicorn.Config(
        Application(cast(ASGI3Application, inner), lambda: watcher.current),
        host=host,
        port=port,
        http=EdgeProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        loop="domains.edge.loop:EdgeLoop",
        ssl_context_factory=listener,
        # Nobody stands before us, so nobody tells us whose request it is.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        limit_concurrency=settings.EDGE_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        backlog=2048,
    )


def serve(*, host: str, port: int) -> None:
    """Runs until it is told to end. Listens when it knows what to serve."""
    allow_many_files()
    watcher = Watcher()
    watcher.start()
    watcher.wait()
    try:
        uvicorn.Server(config(host=host, port=port, watcher=watcher)).run()
    finally:
        watcher.stop()

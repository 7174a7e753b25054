"""Answering a handshake: the certificate of the name that the client asks for."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable

from accounts.vault import CannotOpen
from domains.edge.contexts import Contexts, bare
from domains.edge.snapshot import Snapshot

log = logging.getLogger(__name__)


def host_of(name: str) -> str:
    """A name from SNI or a Host header as the snapshot has it: lower case, without a port or a final dot."""
    if name.startswith("["):
        return name
    return name.partition(":")[0].lower().removesuffix(".")


def context(snapshot: Callable[[], Snapshot], contexts: Contexts) -> ssl.SSLContext:
    """The listener's context. It has no certificate of its own: a client that names no host of ours gets the alert
    `unrecognized_name`, before anything is computed for it or asked of the database.
    """

    def choose(sock: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        served = snapshot().find(host_of(name)) if name else None
        if served is None:
            return ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        try:
            sock.context = contexts.of(served)
        except (CannotOpen, ssl.SSLError):
            log.exception("The certificate of %s cannot be served", name)
            return ssl.AlertDescription.ALERT_DESCRIPTION_INTERNAL_ERROR
        # The web server behind compares it with the Host header.
        sock.chosen_host = host_of(name or "")  # type: ignore[attr-defined]
        return None

    listener = bare()
    listener.sni_callback = choose
    return listener

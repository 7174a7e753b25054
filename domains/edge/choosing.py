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


class _Handshake(ssl.SSLObject):
    """A handshake that tells the client why it fails: asyncio closes at once on an error and forgets the alert."""

    chosen_host: str | None = None
    _failure: ssl.SSLError | None = None

    def do_handshake(self) -> None:
        if self._failure is not None:
            raise self._failure
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            # "Send what there is and wait for more": that is the alert. The client closes, or its time runs out.
            self._failure = error
            raise ssl.SSLWantReadError from error


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
    listener.sslobject_class = _Handshake
    listener.sni_callback = choose
    return listener

"""TLS contexts, made when they are first needed and kept while they are used."""

from __future__ import annotations

import os
import ssl
from collections import OrderedDict

from domains.edge.snapshot import Served

PROTOCOLS = ["http/1.1"]


def bare() -> ssl.SSLContext:
    """A server's context without a certificate.

    Without session tickets: a ticket is no proof of whose host it was, and its key would have to be shared and
    changed. TLS 1.2 at least, with OpenSSL's own choice of ciphers.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    context.set_alpn_protocols(PROTOCOLS)
    return context


def load(context: ssl.SSLContext, chain: str, key: str) -> None:
    """Gives a context its certificate. OpenSSL reads files only, so this is one in memory that has no name.

    Raises ssl.SSLError when they do not belong together.
    """
    file = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(file), "w") as text:
            text.write(chain + "\n" + key)
        context.load_cert_chain(f"/proc/self/fd/{file}")
    finally:
        os.close(file)


class Contexts:
    """Contexts of certificates that we serve; of more than `most`, those that were used last.

    Only what the snapshot knows comes here, so names that strangers make up push nothing out. Not for several threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, int], ssl.SSLContext] = OrderedDict()

    def of(self, served: Served) -> ssl.SSLContext:
        """Raises vault.CannotOpen or ssl.SSLError when its key does not open."""
        context = self._kept.get(served.key)
        if context is not None:
            self._kept.move_to_end(served.key)
            return context
        context = bare()
        load(context, served.chain, served.private_key())
        self._kept[served.key] = context
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return context

    def __len__(self) -> int:
        return len(self._kept)

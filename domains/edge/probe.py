"""Looking at the edge from outside, as a browser would: which certificate it shows for a name, and who answers.

It connects to where the edge listens, never to what the name resolves to.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import socket
import ssl
from dataclasses import dataclass
from uuid import UUID

from jobs.errors import Transient

TIMEOUT = 5.0  # seconds for each answer


class EdgeUnavailable(Transient):
    """The edge cannot be reached, or answers in a way that makes no sense."""

    code = "edge_unavailable"


@dataclass(frozen=True)
class Probed:
    """`fingerprint`: SHA-256 of the leaf that is served, None where no certificate is. `portal_id`: who answers."""

    fingerprint: str | None
    portal_id: UUID | None = None


class _Connection(http.client.HTTPConnection):
    """HTTP over a connection that stands already."""

    def __init__(self, host: str, sock: socket.socket) -> None:
        super().__init__(host, timeout=TIMEOUT)
        self.sock = sock


def probe(address: str, host: str) -> Probed:
    """What the edge at `address` (host:port) serves for the name. Raises EdgeUnavailable."""
    name, _, port = address.rpartition(":")
    # Which certificate it is, not whether it is trusted, is what we want to know.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((name.strip("[]"), int(port)), timeout=TIMEOUT) as plain,
            context.wrap_socket(plain, server_hostname=host) as sock,
        ):
            fingerprint = hashlib.sha256(sock.getpeercert(binary_form=True) or b"").hexdigest()
            return Probed(fingerprint, _portal(host, sock))
    except ssl.SSLError as error:
        if any(word in (error.reason or "") for word in ("UNRECOGNIZED_NAME", "ALERT")):
            return Probed(None)  # "I have no certificate for this name", in the words of one edge or another
        raise EdgeUnavailable(f"The handshake with the edge failed: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        raise EdgeUnavailable(f"The edge does not answer: {error}") from error


def _portal(host: str, sock: ssl.SSLSocket) -> UUID | None:
    connection = _Connection(host, sock)
    connection.request("GET", "/", headers={"Host": host, "Connection": "close"})
    answer = connection.getresponse()
    answer.read(1 << 20)
    with contextlib.suppress(ValueError):
        return UUID(answer.headers.get("X-Portal-Id", ""))
    return None

"""The one place that makes HTTP clients for organizations: where they connect, and how long they wait."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

import httpx
from django.conf import settings

from organizations.dataverse import addresses
from organizations.dataverse.addresses import Forbidden, Origin

TIMEOUT = httpx.Timeout(15.0, connect=5.0, pool=5.0)
# An import is taken as a whole before the answer comes.
LONG = httpx.Timeout(300.0, connect=5.0, pool=5.0)

# Seconds that an answer may take as a whole, however it trickles in.
WHOLE, LONG_WHOLE = 60.0, 600.0
_end: ContextVar[float] = ContextVar("end", default=float("inf"))
MAX_ANSWER = 64 * 1024 * 1024  # bytes, unpacked; a page of 5,000 records has a tenth of it


class OurServer(httpx.BaseTransport):
    """Leads requests for an embedded organization to our own web server, with the organization's name as the host."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host, _, port = settings.WEB_ADDRESS.rpartition(":")
        if request.url.scheme == "https":
            request.headers["X-Forwarded-Proto"] = "https"
        request.url = request.url.copy_with(scheme="http", host=host, port=int(port))
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class PublicOnly(httpx.BaseTransport):
    """Resolves the name itself and connects to the address that was looked at; the certificate is the name's."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host, port = request.url.host, request.url.port or 443
        try:
            address = addresses.public(
                host, port, private_too=settings.DATAVERSE_PRIVATE_ADDRESSES, resolver=addresses.resolve
            )
        except Forbidden as error:
            raise httpx.UnsupportedProtocol(str(error), request=request) from error
        except OSError as error:
            raise httpx.ConnectError(f"{host} is not known.", request=request) from error
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@dataclass(frozen=True)
class Received:
    """An answer as a whole."""

    status: int
    headers: httpx.Headers
    body: bytes


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Requests in here end before so much time has passed, all of them together."""
    token = _end.set(min(_end.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(token)


def ask(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    content: bytes | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    long: bool = False,
) -> Received:
    """One request. Nobody fills our memory or keeps us for ever: an answer has an end in size and in time.

    Raises httpx.HTTPError.
    """
    end = min(_end.get(), time.monotonic() + (LONG_WHOLE if long else WHOLE))
    body = bytearray()
    timeout = _until(_end.get(), LONG if long else TIMEOUT)
    with client.stream(method, url, content=content, data=form, headers=headers, timeout=timeout) as response:
        for part in response.iter_bytes():
            body += part
            if len(body) > MAX_ANSWER:
                raise httpx.ReadError("The answer is larger than any of its kind.", request=response.request)
            if time.monotonic() > end:
                raise httpx.ReadTimeout("The answer takes too long.", request=response.request)
        return Received(response.status_code, response.headers, bytes(body))


def _until(end: float, usual: httpx.Timeout) -> httpx.Timeout:
    """Raises httpx.ConnectTimeout when no time is left."""
    left = end - time.monotonic()
    if left <= 0:
        raise httpx.ConnectTimeout("There is no time left to ask.")
    parts = {name: min(seconds, left) for name, seconds in usual.as_dict().items() if seconds is not None}
    return httpx.Timeout(left, **parts)


def of_url(url: str) -> Origin:
    """Raises Forbidden."""
    return addresses.origin(url, base_domain=settings.ORGANIZATION_BASE_DOMAIN)


@lru_cache(maxsize=64)
def client(origin: Origin) -> httpx.Client:
    """A client with connections that it keeps, for one origin alone: a connection's certificate was checked for its
    name, so no other organization at the same IP address may share it. Threads may share a client.
    """
    # Beside us a connection costs nothing, and one that is kept would keep one of our own web server's threads.
    kept = 0 if origin.embedded else 5
    limits = httpx.Limits(max_connections=20, max_keepalive_connections=kept)
    inner = httpx.HTTPTransport(retries=1, limits=limits)
    transport = OurServer(inner) if origin.embedded else PublicOnly(inner)
    return httpx.Client(
        transport=transport,
        base_url=origin.url,
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "PortalAdminCenter"},
    )

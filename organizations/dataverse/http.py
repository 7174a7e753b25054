"""The one place that makes HTTP clients for organizations: where they connect, and how long they wait."""

from __future__ import annotations

from functools import lru_cache

import httpx
from django.conf import settings

from organizations.dataverse import addresses
from organizations.dataverse.addresses import Forbidden, Origin

TIMEOUT = httpx.Timeout(15.0, connect=5.0, pool=5.0)
# An import is taken as a whole before the answer comes.
LONG = httpx.Timeout(300.0, connect=5.0, pool=5.0)


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

"""Which addresses of organizations we connect to, and where they really are. Pure, save for the settings it is given.

An administrator types the address, so it must not lead into our own network: only https, and only to public
addresses, which is checked again at every connection, since a name may lead somewhere else by then. Embedded
organizations are on our own web server: `*.crm.localhost` resolves nowhere else than in browsers.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


class Forbidden(ValueError):
    """We do not connect there; the message is a sentence."""


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of an organization. `embedded`: it is on our own web server."""

    scheme: str
    host: str
    port: int | None
    embedded: bool

    @property
    def url(self) -> str:
        """Without a slash at the end: "https://contoso.crm.dynamics.com"."""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}"


def origin(url: str, *, base_domain: str) -> Origin:
    """Of an organization's address. Raises Forbidden for what is no such address."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").lower().rstrip("."), parts.port
    except ValueError:
        raise Forbidden("This is not the address of an organization.") from None
    if (
        not host
        or parts.username
        or parts.password
        or parts.query
        or parts.fragment
        or parts.path not in ("", "/")
    ):
        raise Forbidden(
            "Give the organization's address without anything behind it: https://contoso.crm.dynamics.com"
        )
    embedded = host.endswith("." + base_domain)
    if parts.scheme != "https" and not (embedded and parts.scheme == "http"):
        raise Forbidden("The address of an organization begins with https://")
    if not embedded and ("." not in host or _is_ip(host)):
        raise Forbidden("Give the organization's name, not a number or a name of your own network.")
    return Origin(parts.scheme, host, port, embedded)


Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> list[str]:
    """IP addresses of a name, as the system knows them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def public(host: str, port: int, *, private_too: bool, resolver: Resolve) -> str:
    """One IP address to connect to. Raises Forbidden if any of the name's is not public, and OSError."""
    found = resolver(host, port)
    if not found:
        raise OSError(f"{host} has no address.")
    for text in found:
        if not private_too and not _is_public(text):
            raise Forbidden(
                f"{host} leads to an address that is not public, so the admin center does not connect."
            )
    return found[0]


# IPv6 addresses that gateways translate: the IPv4 address is their last 32 bits (RFC 6052, RFC 8215).
_TRANSLATED = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))


def _is_public(text: str) -> bool:
    address = _meant(ipaddress.ip_address(text.partition("%")[0]))
    return address.is_global and not address.is_multicast and not address.is_reserved


def _meant(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 address stands for, where it stands for one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        # Also numbers that systems take for IPv4 addresses: 127.1, 0x7f.1, 2130706433.
        return all(part.isdigit() or part.startswith("0x") for part in host.split("."))
    return True

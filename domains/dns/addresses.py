"""Which addresses of name servers we ask. Pure.

Customers control where the names of their name servers lead, so an address inside somebody's network, ours above
all, is refused: nobody makes us knock on doors in there.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# An IPv4 address in the clothes of an IPv6 one, which a translator on the way would take off (RFC 6052).
_TRANSLATED = IPv6Network("64:ff9b::/96")
# Of the public internet by their number only.
_WITHIN = (
    IPv6Network(
        "64:ff9b:1::/48"
    ),  # translators of somebody's own, who put the IPv4 address where they like (RFC 8215)
    IPv6Network("fec0::/10"),  # site-local, as it once was (RFC 3879)
    IPv6Network("3fff::/20"),  # for documentation (RFC 9637)
    IPv4Network("168.63.129.16/32"),  # a cloud's own services, seen from its machines
)


def is_public(text: str) -> bool:
    """Whether the address is of the public internet; False also for what is no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return _is_public(address)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
    if any(address in network for network in _WITHIN):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved

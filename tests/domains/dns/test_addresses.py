"""Which addresses of name servers are asked."""

from __future__ import annotations

import pytest

from domains.dns.addresses import is_public


@pytest.mark.parametrize(
    "address", ["9.9.9.9", "1.1.1.1", "2620:fe::fe", "2002:0909:0909::1", "64:ff9b::909:909"]
)
def test_public_ones_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "240.0.0.1", "192.0.2.1", "198.18.0.1"),  # noqa: S104
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::fb", "2001:db8::1"),
        # IPv4 in disguise.
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b:1::a00:1"),
        # Of a translator of somebody's own, who may put the IPv4 address into the middle (RFC 6052, 2.2).
        *("64:ff9b:1:7f00:0:100:909:909", "64:ff9b:1::909:909", "::127.0.0.1", "::ffff:0:127.0.0.1"),
        *("2001:0:7f00:1::", "fec0::1", "3fff::1", "168.63.129.16"),
        *("", "ns1.example", "127.1", "0x7f000001", "2130706433", "1.1.1.1:53"),
    ],
)
def test_others_are_not(address: str) -> None:
    assert not is_public(address)

"""Which addresses of a zone's servers are asked."""

from __future__ import annotations

import asyncio

import pytest

from domains.dns import authority
from domains.dns.asking import Asker, Server
from domains.dns.authority import Authority
from domains.dns.replies import Reply, Says

RECORDS = {
    ("com", "NS"): ("both.com", "four.com", "inside.com", "none.com", "six.com"),
    ("both.com", "A"): ("9.9.9.9",),
    ("both.com", "AAAA"): ("2620:fe::9",),
    ("four.com", "A"): ("9.9.9.8",),
    ("six.com", "AAAA"): ("2620:fe::8",),
    ("inside.com", "A"): ("10.1.2.3",),
}


class Told(Asker):
    """Answers out of the records above."""

    async def ask(self, server: Server, name: str, kind: str) -> Reply:
        records = RECORDS.get((name, kind), ())
        return Reply(Says.RECORDS if records else Says.NO_DATA, records)


def servers() -> dict[str, Server]:
    resolver = Server("resolver", "127.0.0.1", recursive=True)
    zone = asyncio.run(Authority(Told(1.0), [resolver]).of("com"))
    return {server.name: server for server in zone.servers}


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        ({4, 6}, {"both.com": "9.9.9.9", "four.com": "9.9.9.8", "six.com": "2620:fe::8"}),
        ({4}, {"both.com": "9.9.9.9", "four.com": "9.9.9.8", "six.com": "2620:fe::8"}),
        ({6}, {"both.com": "2620:fe::9", "four.com": "9.9.9.8", "six.com": "2620:fe::8"}),
        (set(), {"both.com": "9.9.9.9", "four.com": "9.9.9.8", "six.com": "2620:fe::8"}),
    ],
)
def test_a_machine_without_ipv4_asks_by_ipv6(
    ways: set[int], expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authority, "has_way", lambda address: (6 if ":" in address else 4) in ways)
    assert {name: server.address for name, server in servers().items() if not server.refusal} == expected


def test_what_is_refused_is_named_without_the_address_that_we_see_from_inside() -> None:
    """Names of an inner network would tell whoever asks where they lead."""
    assert str(servers()["inside.com"]) == "inside.com"
    assert servers()["inside.com"].refusal == "not asked: the address is not public"
    assert servers()["none.com"].refusal == "has no address"


def test_loopback_is_a_way_and_what_is_no_address_is_none() -> None:
    assert authority.has_way("127.0.0.1")
    assert not authority.has_way("ns.com")

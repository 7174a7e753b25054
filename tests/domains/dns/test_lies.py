"""Servers that lie, drip, flood and keep silent: the look-up ends in time, and says what is true."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from domains.dns.asking import MOST_QUESTIONS, Server
from domains.dns.lookup import MOST_ROWS, Finding, Lookup, Wanted
from domains.dns.verdicts import Verdict
from tests.domains.dns.lies import Liar, Lie, bomb, cut, liar

HOST, EXPECTED, PROOF = "www.contoso.com", "help.portals.com", "portal=0001"
# Seconds that a machine with much to do may take beyond the limit.
SLACK = 3.0


def look(server: Liar, host: str = HOST, *, seconds: float = 2.0, resolvers: int = 1) -> Finding:
    """Asks the liar, as resolver and as every other server."""
    asked = [Server(server.address, server.address, server.port, recursive=True)] * resolvers
    return Lookup(Wanted(host, EXPECTED, PROOF), asked, seconds, server.port).find()


def says(
    question: bytes, *records: tuple[str, str, str], section: str = "answer", code: int = 0, aa: bool = True
) -> bytes:
    """An answer with records (owner, type, text)."""
    message = dns.message.make_response(dns.message.from_wire(question))
    message.flags |= dns.flags.AA if aa else 0
    message.set_rcode(dns.rcode.Rcode(code))
    for owner, kind, text in records:
        getattr(message, section).append(dns.rrset.from_text(f"{owner}.", 60, "IN", kind, text))
    return message.to_wire(max_size=65_535)


def asked(question: bytes) -> tuple[str, str]:
    first = dns.message.from_wire(question).question[0]
    return first.name.to_text(omit_final_dot=True).lower(), first.rdtype.name


def one_zone(question: bytes, address: str, about_host: Callable[[bytes, str], bytes]) -> bytes:
    """The liar is the server of `com`, which holds everything below; `about_host` answers for the rest."""
    name, kind = asked(question)
    if kind == "NS" and name == "com":
        return says(question, ("com", "NS", "ns.com."))
    if name == "ns.com":
        return says(question, (name, "A", address)) if kind == "A" else says(question)
    return about_host(question, kind)


def chaos(question: bytes, way: str) -> list[bytes]:
    return [b"", b"\0", question[:2] + b"\x84\0" + b"\xff" * 8, b"x" * 512]


def strangers(question: bytes, way: str) -> list[bytes]:
    """Answers to other questions: another id, and another name under the right id."""
    other = dns.message.make_query("other.example", "NS", id=struct.unpack("!H", question[:2])[0])
    return [bytes((question[0] ^ 1,)) + says(question, ("com", "NS", "ns.com."))[1:], says(other.to_wire())]


def bombs_by_tcp(question: bytes, way: str) -> list[bytes]:
    return [cut(question)] if way == "udp" else [bomb(question[:2], kind="NS", size=65_535)]


def bombs_by_udp(question: bytes, way: str) -> list[bytes]:
    return [bomb(question[:2], kind="NS", size=60_000)] * 5


def floods(question: bytes, way: str) -> list[bytes]:
    return [question[:2] + b"\x84\0" + b"\0\1\xff\xff\0\0\0\0" + b"\0" * 50_000] * 300


def long_by_tcp(question: bytes, way: str) -> list[bytes]:
    return [cut(question)] if way == "udp" else [says(question) + b"\0" * 60_000]


def cut_by_tcp_too(question: bytes, way: str) -> list[bytes]:
    return [cut(question)]


@pytest.mark.parametrize(
    "lie",
    [
        *(chaos, strangers, bombs_by_tcp, bombs_by_udp, floods, long_by_tcp, cut_by_tcp_too),
        pytest.param(lambda question, way: [], id="silence"),
    ],
)
@pytest.mark.parametrize("resolvers", [1, 8])
def test_lies_of_every_kind_are_failures_in_time(lie: Lie, resolvers: int) -> None:
    with liar(lie) as server:
        began = time.monotonic()
        finding = look(server, resolvers=resolvers)
        assert time.monotonic() - began < 2.0 + SLACK
    assert finding.judgement.verdict is Verdict.DNS_UNAVAILABLE


def test_an_answer_that_drips_by_tcp_is_not_waited_for() -> None:
    with liar(lambda question, way: [cut(question) if way == "udp" else says(question)], pause=0.3) as server:
        began = time.monotonic()
        assert look(server).judgement.verdict is Verdict.DNS_UNAVAILABLE
        assert time.monotonic() - began < 2.0 + SLACK


@pytest.mark.parametrize("lie", [bombs_by_tcp, floods])
def test_many_servers_that_lie_at_once_end_in_time(lie: Lie) -> None:
    """A zone of eight names, whose servers all send what is dear, beside an honest one above it."""
    names = [f"ns{n}.contoso.com" for n in range(8)]

    def answer(question: bytes, way: str) -> list[bytes]:
        name, kind = asked(question)
        if name == "com" and kind == "NS":
            return [says(question, ("com", "NS", "ns.com."))]
        if kind in {"A", "AAAA"}:
            return [says(question, (name, "A", "127.0.0.31")) if kind == "A" else says(question)]
        if kind == "SOA":
            records = [("contoso.com", "NS", f"{name}.") for name in names]
            return [says(question, *records, section="authority", aa=False)]
        return lie(question, way)

    with liar(answer) as server:
        began = time.monotonic()
        finding = look(server)
        assert time.monotonic() - began < 2.0 + SLACK
    assert finding.judgement.verdict is Verdict.DNS_UNAVAILABLE


def test_a_delegation_to_hosts_of_names_without_end_costs_no_more_than_its_share() -> None:
    """NXNSAttack: every server refers to many names below itself, each of which would have to be looked up."""
    seen: list[str] = []

    def answer(question: bytes, way: str) -> list[bytes]:
        name, kind = asked(question)
        seen.append(name)
        if name == "com" and kind == "NS":
            return [says(question, ("com", "NS", "ns.com."))]
        if kind in {"A", "AAAA"}:
            return [says(question, (name, "A", "127.0.0.31")) if kind == "A" else says(question)]
        # Always one cut further down, as far as the name goes.
        cuts = sum(zone.startswith("ns0.") for zone in set(seen))
        zone = ".".join(name.split(".")[-2 - cuts :])
        records = [(zone, "NS", f"ns{n}.{zone}.") for n in range(20)]
        return [says(question, *records, section="authority", aa=False)]

    host = ".".join(["www", *(f"a{n}" for n in range(40)), "contoso.com"])
    with liar(answer) as server:
        look(server, host, seconds=12.0)
        assert server.asked <= MOST_QUESTIONS
    assert len(seen) > 20


def test_aliases_that_branch_without_end_are_bounded() -> None:
    """Every answer another alias, at eight servers that each give another one."""

    def answer(question: bytes, way: str) -> list[bytes]:
        name, kind = asked(question)
        if name == "com" and kind == "NS":
            return [says(question, *(("com", "NS", f"ns{n}.com.") for n in range(8)))]
        if name.startswith("ns"):
            return [says(question, (name, "A", "127.0.0.31")) if kind == "A" else says(question)]
        fresh = f"{struct.unpack('!H', question[:2])[0]}-{server.asked}.com."
        return [says(question, (name, "CNAME", fresh)) if kind == "CNAME" else says(question)]

    with liar(answer) as server:
        began = time.monotonic()
        finding = look(server, seconds=12.0)
        assert time.monotonic() - began < 12.0 + SLACK
        assert server.asked <= MOST_QUESTIONS
    assert finding.judgement.verdict is not Verdict.VERIFIED


def test_a_circle_over_two_zones_is_a_loop() -> None:
    ways = {"www.contoso.com": "shop.fabrikam.com", "shop.fabrikam.com": "www.contoso.com"}

    def answer(question: bytes, way: str) -> list[bytes]:
        def about(question: bytes, kind: str) -> bytes:
            name, _ = asked(question)
            if kind == "SOA":
                zone = ".".join(name.split(".")[-2:])
                return says(question, (zone, "SOA", "a. b. 1 2 3 4 60"), section="authority")
            if kind == "NS":
                return says(question, (name, "NS", "ns.com."))
            return says(question, (name, "CNAME", ways[name] + "."))

        return [one_zone(question, "127.0.0.31", about)]

    with liar(answer) as server:
        assert look(server).judgement.verdict is Verdict.LOOP


@pytest.mark.parametrize("code", [dns.rcode.FORMERR, dns.rcode.NOTIMP])
def test_a_server_that_knows_no_edns_is_asked_without(code: dns.rcode.Rcode) -> None:
    def answer(question: bytes, way: str) -> list[bytes]:
        if dns.message.from_wire(question).edns >= 0:
            return [question[:2] + struct.pack("!5H", 0x8000 | code, 0, 0, 0, 0)]
        return leads_here(question, way)

    with liar(answer) as server:
        assert look(server).judgement.verdict is Verdict.VERIFIED


def leads_here(question: bytes, way: str) -> list[bytes]:
    """As an honest server, whose letters are mixed."""

    def host(question: bytes, kind: str) -> bytes:
        alias = ("wWw.CoNtOsO.cOm", "CNAME", "HELP.Portals.COM.")
        return says(question, alias) if kind in {"A", "CNAME"} else says(question)

    return [one_zone(question, "127.0.0.31", host)]


def test_letters_may_be_mixed() -> None:
    with liar(leads_here) as server:
        assert look(server).judgement.verdict is Verdict.VERIFIED


def test_an_answer_from_another_address_is_none() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.32", 0))
        with liar(leads_here, via=other) as server:
            assert look(server).judgement.verdict is Verdict.DNS_UNAVAILABLE


def test_a_server_that_never_answers_is_waited_for_once_only() -> None:
    """Every hop of an honest chain lies at the same two servers, one of which is away."""

    def host(question: bytes, kind: str) -> bytes:
        name, _ = asked(question)
        step = int(name.partition(".")[0].removeprefix("c")) if name.startswith("c") else 0
        further = f"c{step + 1}.contoso.com." if step < 5 else f"{EXPECTED}."
        return says(question, (name, "CNAME", further)) if kind in {"A", "CNAME"} else says(question)

    def answer(question: bytes, way: str) -> list[bytes]:
        name, kind = asked(question)
        if name == "com" and kind == "NS":
            return [says(question, ("com", "NS", "ns1.com."), ("com", "NS", "ns2.com."))]
        if name == "ns2.com" and kind == "A":
            return [says(question, (name, "A", "127.0.0.34"))]
        if name.startswith("ns"):
            return [says(question, (name, "A", "127.0.0.31")) if kind == "A" else says(question)]
        return [host(question, kind)]

    with liar(answer) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.34", server.port))
        finding = look(server, seconds=8.0)
    assert finding.judgement.verdict is Verdict.VERIFIED
    assert "no answer" in {row.seen for row in finding.rows}


def test_an_apex_at_the_greatest_number_of_servers_is_verified_within_the_questions() -> None:
    addresses = [f"127.0.0.{n}" for n in (31, 32)]

    def answer(question: bytes, way: str) -> list[bytes]:
        name, kind = asked(question)
        if kind == "NS" and name in {"com", "contoso.com"}:
            return [says(question, *((name, "NS", f"ns{n}.{name}.") for n in range(8)))]
        if name.startswith("ns"):
            return [says(question, *((name, "A", at) for at in addresses)) if kind == "A" else says(question)]
        if kind == "SOA":
            return [says(question, ("contoso.com", "SOA", "a. b. 1 2 3 4 60"))]
        if kind == "TXT":
            return [says(question, (name, "TXT", PROOF))]
        return [says(question, (name, "A", "203.0.113.10")) if kind == "A" else says(question)]

    with liar(answer) as server, Liar(addresses[1], server.port, answer) as second:
        finding = look(server, "contoso.com", seconds=12.0, resolvers=3)
    assert finding.judgement.verdict is Verdict.VERIFIED
    # Room for some that are asked twice.
    assert server.asked + second.asked < MOST_QUESTIONS - 20
    assert len(finding.rows) == MOST_ROWS
    assert sum(row.is_resolver for row in finding.rows) == 6

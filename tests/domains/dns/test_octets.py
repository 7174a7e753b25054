"""Answers that are small to send and dear to read."""

from __future__ import annotations

import struct
import time

import dns.message
import dns.rrset
import pytest

from domains.dns.octets import MOST_OCTETS, tamed
from tests.domains.dns.lies import bomb

HOST = "www.contoso.com"


def answer(*records: tuple[str, str], host: str = HOST) -> bytes:
    message = dns.message.make_response(dns.message.make_query(host, "A", use_edns=0))
    for kind, text in records:
        message.answer.append(dns.rrset.from_text(f"{host}.", 60, "IN", kind, text))
    return message.to_wire(max_size=65_535)


@pytest.mark.parametrize(
    "records",
    [
        (),
        (("CNAME", "help.portals.com."), ("A", "192.0.2.1"), ("AAAA", "2001:db8::1")),
        (("NS", "a.contoso.com."), ("SOA", "a.b. c.d. 1 2 3 4 5"), ("TXT", '"portal=1"')),
        tuple(("TXT", f'"{"x" * 200}{n}"') for n in range(30)),
    ],
)
def test_what_honest_servers_say_stays_as_it_is(records: tuple[tuple[str, str], ...]) -> None:
    said = answer(*records)
    assert tamed(said) == said


def test_many_records_of_a_long_name_are_honest() -> None:
    said = answer(*(("A", f"192.0.2.{n}") for n in range(40)), host=".".join("0" * 34))
    assert tamed(said) == said


@pytest.mark.parametrize("kind", ["NS", "CNAME", "SOA"])
@pytest.mark.parametrize("size", [1232, MOST_OCTETS])
def test_names_that_are_dear_are_refused(kind: str, size: int) -> None:
    with pytest.raises(ValueError, match="too dear"):
        tamed(bomb(b"\0\0", kind=kind, size=size))


def test_names_in_records_that_nobody_reads_cost_nothing() -> None:
    """One HIP record of thousands of pointers, each of them a name of 126 labels."""
    said = bomb(b"\0\0", kind="HIP", size=MOST_OCTETS)
    message = dns.message.from_wire(tamed(said))
    assert [rrset.rdtype for rrset in message.answer] == [65_280]


def test_records_of_another_class_are_opaque() -> None:
    chaos = dns.rrset.from_text(f"{HOST}.", 60, "CH", "A", "a.b. 1")
    message = dns.message.make_response(dns.message.make_query(HOST, "A"))
    message.answer.append(chaos)
    assert [rrset.rdtype for rrset in dns.message.from_wire(tamed(message.to_wire())).answer] == [65_280]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\0" * 11,
        struct.pack("!6H", 0, 0x8400, 0xFFFF, 0, 0, 0),
        struct.pack("!6H", 0, 0x8400, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1",  # a pointer to itself
        struct.pack("!6H", 0, 0x8400, 1, 0, 0, 0) + b"\xc0\x0e\xc0\x0c\0\1\0\1",
        answer(("A", "192.0.2.1"))[:-3] + b"\xff",
        b"\0" * (MOST_OCTETS + 1),
    ],
)
def test_what_is_broken_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match=r"broken|too long|without end"):
        tamed(octets)


def test_the_dearest_that_passes_is_read_in_a_moment() -> None:
    """A look-up may have some dozens of answers before it at once."""
    said = b""
    for size in range(300, 1232, 10):
        try:
            said = tamed(bomb(b"\0\0", kind="NS", size=size))
        except ValueError:
            break
    assert said
    began = time.process_time()
    dns.message.from_wire(said)
    assert time.process_time() - began < 0.5

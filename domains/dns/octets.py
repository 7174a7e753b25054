"""The octets of an answer, looked at before dnspython reads them. Pure.

Reading a name costs dnspython the square of its labels, and a pointer of two octets can stand for 127 labels: an
answer of 64 KiB keeps it for half a minute, in which nothing else goes on, the clock of the look-up neither. So what
is too dear is refused, and records of no interest, which may hold a name in every second octet, are made opaque.
"""

from __future__ import annotations

import struct

import dns.rdataclass
import dns.rdatatype

# Of one answer. What we ask for has a few hundred; a page of TXT records has its room.
MOST_OCTETS = 8192
# A name costs the square of its labels, about a quarter of a microsecond each, and a record this much beside.
RECORD_COST = 256
MOST_COST = 100_000
# Labels of the longest name, and pointers on the way to its end (RFC 1035, 2.3.4).
_LONGEST = 128

# Names in the data of a record, by type; of these types alone anything is read.
_NAMES = {
    dns.rdatatype.A: 0,
    dns.rdatatype.AAAA: 0,
    dns.rdatatype.TXT: 0,
    dns.rdatatype.OPT: 0,
    dns.rdatatype.NS: 1,
    dns.rdatatype.CNAME: 1,
    dns.rdatatype.SOA: 2,
}
# Of private use (RFC 6895, 3.1), so that nobody reads its data.
_OPAQUE = 65_280


def tamed(octets: bytes) -> bytes:
    """The answer with nothing in it that is dear to read. Raises ValueError when it is too long, too dear or broken."""
    if len(octets) > MOST_OCTETS:
        raise ValueError("too long")
    tame = bytearray(octets)
    try:
        questions, *records = struct.unpack_from("!4H", octets, 4)
        at, cost = 12, 0
        for _ in range(questions):
            at, more = _name(octets, at)
            at, cost = at + 4, _within(cost + more)
        for _ in range(sum(records)):
            at, more = _record(tame, octets, at)
            cost = _within(cost + more)
    except (IndexError, struct.error) as error:
        raise ValueError("broken") from error
    return bytes(tame)


def _record(tame: bytearray, octets: bytes, at: int) -> tuple[int, int]:
    """Where the next record begins, and what this one costs."""
    at, cost = _name(octets, at)
    kind, where, _, length = struct.unpack_from("!HHIH", octets, at)
    data = at + 10
    if kind not in _NAMES or (where != dns.rdataclass.IN and kind != dns.rdatatype.OPT):
        struct.pack_into("!H", tame, at, _OPAQUE)
    else:
        place = data
        for _ in range(_NAMES[kind]):
            place, more = _name(octets, place)
            cost += more
    return data + length, cost + RECORD_COST


def _name(octets: bytes, at: int) -> tuple[int, int]:
    """Where the name ends, and what it costs."""
    end, labels = 0, 0
    for _ in range(2 * _LONGEST):
        length = octets[at]
        if length >= 0xC0:
            end = end or at + 2
            at = (length & 0x3F) << 8 | octets[at + 1]
        elif length:
            labels += 1
            at += 1 + length
        else:
            return end or at + 1, labels * labels
    raise ValueError("a name without end")


def _within(cost: int) -> int:
    if cost > MOST_COST:
        raise ValueError("too dear")
    return cost

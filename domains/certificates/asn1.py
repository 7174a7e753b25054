"""Just enough of ASN.1's encoding (BER, so DER too) to look at the outside of a file. Pure, and bounded.

It checks nothing that it need not know: whatever it cannot read is left to the library that opens the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

INTEGER, BIT_STRING, OCTET_STRING, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
CONSTRUCTED = 0x20
_DEEPEST = 24
_MOST = 60_000  # elements; an ordinary file has a few hundred on its outside


class Unreadable(Exception):
    """The bytes are no ASN.1, or too deep or too many for an honest file."""


@dataclass(frozen=True)
class Element:
    """One element: its tag byte, and where its content lies in the reader's bytes."""

    tag: int
    start: int
    end: int
    next: int


class Reader:
    """Reads elements of `data`; all reads together are bounded."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._left = _MOST

    def element(self, at: int, end: int, depth: int = 0) -> Element:
        """The element that begins at `at`. Raises Unreadable."""
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST or at + 2 > end:
            raise Unreadable
        tag, length, start = self.data[at], self.data[at + 1], at + 2
        if tag & 0x1F == 0x1F:  # tags of several bytes: none of the formats here has one
            raise Unreadable
        if length == 0x80:
            return self._indefinite(tag, start, end, depth)
        if length > 0x80:
            count = length & 0x7F
            if count > 4 or start + count > end:
                raise Unreadable
            length, start = int.from_bytes(self.data[start : start + count], "big"), start + count
        if start + length > end:
            raise Unreadable
        return Element(tag, start, start + length, start + length)

    def _indefinite(self, tag: int, start: int, end: int, depth: int) -> Element:
        """Its content ends at two zero bytes."""
        if not tag & CONSTRUCTED:
            raise Unreadable
        at = start
        while self.data[at : at + 2] != b"\0\0":
            at = self.element(at, end, depth + 1).next
        return Element(tag, start, at, at + 2)

    def children(self, parent: Element) -> Iterator[Element]:
        """Elements inside a constructed one. Raises Unreadable."""
        at = parent.start
        while at < parent.end:
            child = self.element(at, parent.end)
            yield child
            at = child.next

    def content(self, element: Element, depth: int = 0) -> bytes:
        """The bytes of a string; the pieces of a constructed one joined. Raises Unreadable."""
        if depth > _DEEPEST:
            raise Unreadable
        if element.tag & CONSTRUCTED:
            return b"".join(self.content(piece, depth + 1) for piece in self.children(element))
        return self.data[element.start : element.end]

    def integer(self, element: Element) -> int:
        """The value of an INTEGER. Raises Unreadable."""
        if element.tag != INTEGER:
            raise Unreadable
        return int.from_bytes(self.data[element.start : element.end], "big", signed=True)


def oid(dotted: str) -> bytes:
    """The content of an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray()
    for number in (first * 40 + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | (number & 0x7F))
        out += bytes(reversed(groups))
    return bytes(out)

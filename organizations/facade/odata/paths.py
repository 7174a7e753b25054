"""The part of an address behind `/api/data/v9.2/`: segments, with their keys or arguments. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from organizations.facade.odata.faults import Fault, bad_query
from organizations.facade.odata.tokens import Kind, tokens

MAX_SEGMENTS = 6
_SEGMENT = re.compile(
    r"(?P<name>\$?[A-Za-z_][A-Za-z0-9_.]*|\$\d+)(?:\((?P<inside>.*)\))?", re.DOTALL | re.ASCII
)


@dataclass(frozen=True)
class Segment:
    """`key` is a sole unnamed argument; `arguments` are the named ones, of a function or of an alternate key.

    `called` tells "x()" from "x".
    """

    name: str
    key: Any = None
    arguments: Mapping[str, Any] | None = None
    called: bool = False

    @property
    def guid(self) -> UUID | None:
        return self.key if isinstance(self.key, UUID) else None


def parse(path: str, aliases: Mapping[str, str] | None = None) -> list[Segment]:
    """Segments of the (decoded) path; `aliases` are the query's `@name=literal`. Raises Fault."""
    segments = [_segment(part, aliases or {}) for part in split(path.strip("/")) if part]
    if len(segments) > MAX_SEGMENTS:
        raise bad_query("The address has too many segments.")
    return segments


def split(path: str) -> list[str]:
    """At slashes outside of quotation marks and parentheses."""
    parts: list[str] = []
    depth, quoted, start = 0, False, 0
    for position, character in enumerate(path):
        if character == "'":
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(character, 0)
            if character == "/" and depth <= 0:
                parts.append(path[start:position])
                start = position + 1
    return [*parts, path[start:]]


def _segment(text: str, aliases: Mapping[str, str]) -> Segment:
    match = _SEGMENT.fullmatch(text)
    if match is None:
        raise Fault(404, "0x80060888", f"Resource not found for the segment '{text[:100]}'.")
    inside = match["inside"]
    if inside is None:
        return Segment(match["name"])
    if not inside.strip():
        return Segment(match["name"], called=True)
    key, arguments = _arguments(inside, aliases)
    return Segment(match["name"], key, arguments, called=True)


def _arguments(inside: str, aliases: Mapping[str, str]) -> tuple[Any, Mapping[str, Any] | None]:
    found = list(tokens(inside))
    if len(found) == 2 and found[0].kind is Kind.VALUE:
        return found[0].value, None
    arguments: dict[str, Any] = {}
    position = 0
    while True:
        name, equals, value = (*found[position : position + 3], *[found[-1]] * 3)[:3]
        if name.kind is not Kind.WORD or equals.text != "=" or value.kind not in (Kind.VALUE, Kind.WORD):
            raise bad_query(f"Bad Request - Error in query syntax: '({inside[:100]})'.")
        arguments[name.text] = value.value if value.kind is Kind.VALUE else _alias(value.text, aliases)
        after = found[position + 3]
        if after.kind is Kind.END:
            return None, arguments
        if after.text != ",":
            raise bad_query(f"Bad Request - Error in query syntax: '({inside[:100]})'.")
        position += 4


def _alias(name: str, aliases: Mapping[str, str]) -> Any:
    if not name.startswith("@") or name not in aliases:
        raise bad_query(f"'{name[:60]}' is neither a literal nor an alias that the query explains.")
    found = list(tokens(aliases[name]))
    if len(found) != 2 or found[0].kind is not Kind.VALUE:
        raise bad_query(f"The alias '{name[:60]}' is not a literal.")
    return found[0].value

"""The words of a filter. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from organizations.facade.odata.faults import bad_query

_GUID = r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?(?:Z|[+-]\d\d:\d\d)"
_TOKENS = re.compile(
    rf"""(?P<space>[ \t]+)
    |(?P<guid>{_GUID})(?![\w-])
    |(?P<time>{_TIME})
    |(?P<date>\d{{4}}-\d\d-\d\d)(?![\w-])
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d{{1,3}})?)(?![\w-])
    |(?P<string>'(?:[^']|'')*')
    |(?P<word>@?[A-Za-z_][A-Za-z0-9_.]*)
    |(?P<mark>[(),:/=\[\]])""",
    re.VERBOSE | re.ASCII,
)


class Kind(Enum):
    """WORD: a name or keyword. VALUE: a literal; the token's value is it. MARK: punctuation."""

    WORD = "word"
    VALUE = "value"
    MARK = "mark"
    END = "end"


@dataclass(frozen=True)
class Token:
    kind: Kind
    text: str
    position: int
    value: Any = None


def tokens(text: str) -> Iterator[Token]:
    """The words, then one END. Raises Fault for what is none."""
    position = 0
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            raise bad_query(
                f"Syntax error: character '{text[position]}' is not valid at position {position}."
            )
        if match.lastgroup != "space":
            yield _token(str(match.lastgroup), match.group(), position)
        position = match.end()
    yield Token(Kind.END, "", len(text))


_KEYWORDS = {"null": None, "true": True, "false": False}


def _token(group: str, text: str, position: int) -> Token:
    if group == "word":
        if text in _KEYWORDS:
            return Token(Kind.VALUE, text, position, _KEYWORDS[text])
        return Token(Kind.WORD, text, position)
    if group == "mark":
        return Token(Kind.MARK, text, position)
    return Token(Kind.VALUE, text, position, literal(group, text))


def literal(group: str, text: str) -> Any:
    """Text, int, float, UUID, or datetime in UTC."""
    try:
        match group:
            case "guid":
                return UUID(text)
            case "time":
                return datetime.fromisoformat(text).astimezone(UTC)
            case "date":
                day = date.fromisoformat(text)
                return datetime(day.year, day.month, day.day, tzinfo=UTC)
            case "number":
                return _number(text)
    except (ValueError, OverflowError) as error:
        raise bad_query(f"'{text[:60]}' is not a valid literal.") from error
    return text[1:-1].replace("''", "'")


def _number(text: str) -> int | float:
    if len(text) > 40:
        raise ValueError("too long")
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("too large")
    return number

"""What the address of a list asks for: any text may stand there, and what makes no sense is not asked."""

from __future__ import annotations

from collections.abc import Container
from uuid import UUID


def text(value: str, longest: int) -> str:
    """Words as somebody typed them, with single blanks between them; at most so many characters."""
    return " ".join(value.replace("\0", " ").split())[:longest]


def one_of(value: str, known: Container[str]) -> str:
    """The value if it is known, else empty."""
    return value if value in known else ""


def identity(value: str) -> str:
    """A UUID in its usual form, else empty."""
    try:
        return str(UUID(value))
    except ValueError:
        return ""

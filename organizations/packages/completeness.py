"""Whether the sources of a package say everything in every language. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Incomplete(ValueError):
    """Sources lack something, or say something that nothing asks for."""


def same(where: str, *, expected: Iterable[str], found: Iterable[str]) -> None:
    """Raises Incomplete, naming the place and what it has too little or too much."""
    wanted, there = set(expected), set(found)
    wrong = [f"lacks {name}" for name in sorted(wanted - there)]
    wrong += [f"has an unexpected {name}" for name in sorted(there - wanted)]
    if wrong:
        raise Incomplete(f"{where} {', '.join(wrong)}.")


def said(where: str, texts: Mapping[str, str], *, keys: Iterable[str]) -> None:
    """Exactly these keys, and a text for each. Raises Incomplete."""
    same(where, expected=keys, found=texts)
    if blank := sorted(key for key, text in texts.items() if not text.strip()):
        raise Incomplete(f"{where} has no words for {', '.join(blank)}.")

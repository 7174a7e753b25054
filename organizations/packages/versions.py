"""Versions of solutions: four numbers with dots between them. Pure."""

from __future__ import annotations

import re

Version = tuple[int, int, int, int]

_FORM = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9})", re.ASCII)


def parse(text: str) -> Version:
    """ "9.0.1.0" as numbers, so that 9.0.10.0 is above 9.0.9.0. Raises ValueError for any other form."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"“{text[:40]}” is not a version of four numbers.")
    major, minor, build, revision = (int(number) for number in match.groups())
    return major, minor, build, revision


def older(one: str, other: str) -> bool:
    """Whether version `one` comes before version `other`."""
    return parse(one) < parse(other)

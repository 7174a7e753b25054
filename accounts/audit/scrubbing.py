"""What must not stay in the audit trail is taken out before it is written: secrets, and endless texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "•••"
LONGEST = 500  # characters of one value
MOST = 60  # entries of one mapping or list
DEEPEST = 4

# By the name under which a value stands: what people keep for themselves, and what machines prove themselves with.
_SECRET = re.compile(
    r"passw|passphrase|secret(?!_id$)|token|credential|private|sealed|cookie|session|authorization"
    r"|api_?key|shared_?key|signing_?key|encryption_?key|pfx|\bpin\b|otp",
    re.IGNORECASE,
)
# The same in a value, under whatever name it stands: keys and certificates with keys, and addresses with a password.
_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bv1\.\d+\.[A-Za-z0-9+/=]{24,}|SharedAccessKey=|://[^/\s:@]*:[^/\s@]+@"
)
# What no database keeps, or what would make a line of a log or a file into two.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def text(value: object, longest: int = LONGEST) -> str:
    """One line of at most so many characters."""
    clean = _CONTROL.sub(" ", str(value).encode(errors="replace").decode()).strip()
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def values(content: Mapping[str, Any], *, depth: int = 0) -> dict[str, Any]:
    """A copy for the trail: JSON only, bounded, and every secret replaced by dots."""
    kept = list(content.items())[:MOST]
    return {text(name, 100): _value(str(name), value, depth) for name, value in kept}


def _value(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if _SECRET.search(name):
        return HIDDEN if value else ""
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, Mapping):
        return values(value, depth=depth + 1) if depth < DEEPEST else HIDDEN
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(name, part, depth + 1) for part in list(value)[:MOST]] if depth < DEEPEST else HIDDEN
    return HIDDEN if _SECRET_TEXT.search(str(value)) else text(value)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what differs, on both sides."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {n: before[n] for n in names if n in before}, {n: after[n] for n in names if n in after}

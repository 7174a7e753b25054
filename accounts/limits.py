"""How often a person may ask for something in a minute."""

from __future__ import annotations

import time

from django.core.cache import cache

_MINUTE = 60  # seconds


def allow(*, person: int | str, action: str, per_minute: int, now: float | None = None) -> bool:
    """Count one more and say whether it is still allowed. `person`: the id, or an address. `now`: seconds since 1970.

    Counts are kept for each calendar minute in the shared cache; a few too many may pass when two requests count at
    the same moment, which is good enough for what this is for.
    """
    key = _key(person, action, now)
    if cache.add(key, 1, timeout=2 * _MINUTE):
        return True
    try:
        return int(cache.incr(key)) <= per_minute
    except ValueError:  # the count went in between, as the whole cache may
        cache.set(key, 1, timeout=2 * _MINUTE)
        return True


def used_up(*, person: int | str, action: str, per_minute: int, now: float | None = None) -> bool:
    """Whether nothing more is allowed in this minute; counts nothing itself."""
    return int(cache.get(_key(person, action, now)) or 0) >= per_minute


def _key(person: int | str, action: str, now: float | None) -> str:
    return f"limit:{action}:{person}:{int(time.time() if now is None else now) // _MINUTE}"

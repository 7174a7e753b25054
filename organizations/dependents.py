"""What depends on a language of an organization, as other rooms know it. They register at start-up."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

# Names of what is in that language (an LCID) of that instance.
Source = Callable[[UUID, int], list[str]]

_sources: list[Source] = []


def register(source: Source) -> None:
    """Registering twice counts once."""
    if source not in _sources:
        _sources.append(source)


def of(instance_id: UUID, lcid: int) -> list[str]:
    """Names, in order."""
    return sorted(name for source in _sources for name in source(instance_id, lcid))

"""What depends on an organization, as other rooms know it: on a language, on its address. They register at start-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from organizations.models import Instance

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


@dataclass(frozen=True)
class Bound:
    """Something that reaches an organization at `address`; `page` is where that is changed. `reaches`: it does now."""

    name: str
    address: str
    page: str
    reaches: bool


_bound: list[Callable[[Instance], list[Bound]]] = []


def register_bound(source: Callable[[Instance], list[Bound]]) -> None:
    """Registering twice counts once."""
    if source not in _bound:
        _bound.append(source)


def bound(instance: Instance) -> list[Bound]:
    """By name."""
    return sorted((row for source in _bound for row in source(instance)), key=lambda row: row.name)

"""Entries of the Portal Admin Center's left navigation. Rooms above this one register theirs at start-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from provisioning.models import Portal
from provisioning.phases import Phase


@dataclass(frozen=True)
class Entry:
    """One entry; `url` is called with the portal. `in_error` entries stay when provisioning failed."""

    key: str
    title: str
    icon: str
    order: int
    url: Callable[[Portal], str]
    in_error: bool = False


_entries: dict[str, Entry] = {}


def register(entry: Entry) -> None:
    """Add an entry; the same key twice is one entry."""
    _entries[entry.key] = entry


def entries(portal: Portal) -> list[tuple[Entry, str]]:
    """What the navigation shows for this portal now, in order, with addresses."""
    shrunk = portal.phase == Phase.PROVISIONING_FAILED
    shown = sorted(
        (entry for entry in _entries.values() if entry.in_error or not shrunk), key=lambda e: e.order
    )
    return [(entry, entry.url(portal)) for entry in shown]


def _details(portal: Portal) -> str:
    return reverse("provisioning:details", args=[portal.id])


register(Entry("details", "Portal Details", "details", 10, _details, in_error=True))

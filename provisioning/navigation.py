"""Entries of the Portal Admin Center's left navigation. Rooms above this one register theirs at start-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from accounts.words import N_
from provisioning.models import Portal
from provisioning.phases import Packages, Phase, why_no_instance_update, why_no_reset
from provisioning.policies import why_no_translations


@dataclass(frozen=True)
class Entry:
    """One entry; `url` is called with the portal. `in_error` entries stay when provisioning failed. `rests` says why
    it cannot be used for this portal, "" when it can: it is shown with the reason then, not left out."""

    key: str
    title: str
    icon: str
    order: int
    url: Callable[[Portal], str]
    in_error: bool = False
    rests: Callable[[Portal], str] = lambda portal: ""


@dataclass(frozen=True)
class Tile:
    """One tile of Portal Actions; `rests` says why it cannot be used now, "" when it can."""

    key: str
    title: str
    description: str
    order: int
    url: Callable[[Portal], str]
    rests: Callable[[Portal], str]


_entries: dict[str, Entry] = {}
_tiles: dict[str, Tile] = {}
_IN_ERROR = (
    Phase.PROVISIONING_FAILED,
    Phase.RESET_FAILED,
    Phase.RESETTING,
    Phase.RESET,
    Phase.INSTANCE_UPDATING,
    Phase.INSTANCE_UPDATE_FAILED,
)


def register(entry: Entry) -> None:
    """Add an entry; the same key twice is one entry."""
    _entries[entry.key] = entry


def entries(portal: Portal) -> list[tuple[Entry, str, str]]:
    """What the navigation shows for this portal now, in order, with addresses and the reasons why they rest."""
    shrunk = portal.phase in _IN_ERROR
    shown = sorted(
        (entry for entry in _entries.values() if entry.in_error or not shrunk), key=lambda e: e.order
    )
    return [(entry, entry.url(portal), entry.rests(portal)) for entry in shown]


def register_tile(tile: Tile) -> None:
    """Add a tile to Portal Actions; the same key twice is one tile."""
    _tiles[tile.key] = tile


def tiles(portal: Portal) -> list[tuple[Tile, str, str]]:
    """Tiles of Portal Actions in order, each with its address and the reason why it rests now ("": it does not)."""
    ordered = sorted(_tiles.values(), key=lambda tile: tile.order)
    return [(tile, tile.url(portal), tile.rests(portal)) for tile in ordered]


def _details(portal: Portal) -> str:
    return reverse("provisioning:details", args=[portal.id])


def _actions(portal: Portal) -> str:
    return reverse("provisioning:actions", args=[portal.id])


def _reset(portal: Portal) -> str:
    return reverse("provisioning:reset", args=[portal.id])


def _why_no_reset(portal: Portal) -> str:
    return why_no_reset(Phase(portal.phase), Packages(portal.packages)) or ""


register(Entry("actions", "Portal Actions", "jobs", 20, _actions))
register_tile(Tile("reset", "Reset Portal", "Reset this portal", 900, _reset, _why_no_reset))
register(Entry("details", "Portal Details", "details", 10, _details, in_error=True))


def _translations(portal: Portal) -> str:
    return reverse("provisioning:translations", args=[portal.id])


def _why_no_translations(portal: Portal) -> str:
    return why_no_translations(portal) or ""


register_tile(
    Tile(
        "translations",
        N_("Get latest metadata translations"),
        N_("Click to get latest metadata translations"),
        500,
        _translations,
        _why_no_translations,
    )
)


def _instance(portal: Portal) -> str:
    return reverse("provisioning:instance", args=[portal.id])


def _why_no_instance_update(portal: Portal) -> str:
    return why_no_instance_update(Phase(portal.phase), Packages(portal.packages)) or ""


register(Entry("instance", N_("Manage Dynamics 365 Instance"), "instance", 50, _instance))
register_tile(
    Tile(
        "instance",
        N_("Update Dynamics 365 URL"),
        N_("Update your Dynamics 365 URL if it has changed after provisioning."),
        400,
        _instance,
        _why_no_instance_update,
    )
)

"""What a reset takes down, in which order. Rooms above this one register theirs at start-up.

The portal's route is the reset's own first act: visitors are led nowhere before anything is deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accounts.words import N_
from jobs.context import StepContext
from jobs.models import Resource


@dataclass(frozen=True)
class Teardown:
    """How resources of one kind are removed. `undo` is idempotent: removing what is gone is fine.

    Lower `order` comes first. `title` is what the page calls the step.
    """

    kind: str
    title: str
    order: int
    undo: Callable[[StepContext, Resource], None]


# What people call the resources of this room; `jobs.history` shows them.
RESOURCES = {
    "address": N_("Portal URL"),
    "route": N_("Route of the URL to the portal"),
    "directory-application": N_("Application in the directory"),
    "client-secret": N_("Stored key of the application"),
    "adx_website": N_("Website record"),
    "adx_websitebinding": N_("Website binding record"),
}

_teardowns: dict[str, Teardown] = {}


def register(teardown: Teardown) -> None:
    """The same kind twice is one."""
    _teardowns[teardown.kind] = teardown


def ordered() -> list[Teardown]:
    """In the order of the reset."""
    return sorted(_teardowns.values(), key=lambda teardown: (teardown.order, teardown.kind))


def find(kind: str) -> Teardown:
    """Raises KeyError."""
    return _teardowns[kind]

"""The hosting port: what makes a portal answer at its address.

The docstrings are the specification; every adapter passes `tests/contracts/hosting.py`.
Pure: neither Django nor Celery.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from jobs.errors import Permanent, Transient


class AddressTaken(Permanent):
    """Another portal, or another organization, has the address."""

    code = "url_taken"


class HostingUnavailable(Transient):
    """The web server cannot be reached, or answers in a way that makes no sense."""

    code = "hosting_unavailable"


class Face(StrEnum):
    """What visitors see (the header `X-Portal-State`)."""

    NOBODY = "nobody"
    GETTING_SET_UP = "getting-set-up"
    OFF = "off"
    LIVE = "live"


@dataclass(frozen=True)
class Probe:
    """What the portal's own home page answers. `portal_id` is None where no portal answers."""

    status: int
    portal_id: UUID | None
    face: Face


class Hosting(Protocol):
    """Addresses below the base domain, and who answers there."""

    def reserve(self, subdomain: str, *, portal_id: UUID, instance_id: UUID) -> None:
        """Take the address for the portal. Taking it again is fine.

        A portal has one address: another one that it had is given back, or stays kept for the organization if it
        ever answered. Raises AddressTaken.
        """

    def publish(self, subdomain: str, *, portal_id: UUID) -> None:
        """Lead visitors of the address to the portal. Raises AddressTaken if it is not the portal's."""

    def withdraw(self, subdomain: str, *, portal_id: UUID) -> None:
        """Lead nobody there any more; the address stays reserved. Fine if nobody was."""

    def release(self, subdomain: str, *, portal_id: UUID) -> None:
        """Give the address back: one that ever answered stays kept for its organization, any other is free."""

    def probe(self, subdomain: str) -> Probe:
        """Ask the address over HTTP, as a visitor would. Raises HostingUnavailable."""

    def answered(self, subdomain: str) -> None:
        """Visitors have seen a portal there: from now on the address stays with its organization."""

"""The add-ons of the demo subscription."""

from provisioning.models import Portal, PortalType
from provisioning.services import add_ons

TYPES = (PortalType.PRODUCTION, PortalType.PRODUCTION, PortalType.TRIAL, PortalType.TRIAL)


def load_add_ons() -> None:
    """Four add-ons that nobody configured yet, into an installation that has no portal at all."""
    if not Portal.objects.exists():
        for type in TYPES:
            add_ons.add(type=type, owner=None)

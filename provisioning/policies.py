"""When something may be done with a portal, on top of who may do it (`accounts.permissions`)."""

from __future__ import annotations

from provisioning.models import Portal
from provisioning.phases import NOT_FAILED, Packages, Phase, why_no_reset, why_no_updates


class NotNow(Exception):
    """The portal's phase forbids it; the message is the sentence of that phase."""


def require_updatable(portal: Portal) -> None:
    """Raises NotNow while the portal is being configured, or its packages install."""
    if sentence := why_no_updates(Phase(portal.phase), Packages(portal.packages)):
        raise NotNow(sentence)


def require_resettable(portal: Portal) -> None:
    """Raises NotNow in every phase but configured, provisioning failed and reset failed."""
    if sentence := why_no_reset(Phase(portal.phase), Packages(portal.packages)):
        raise NotNow(sentence)


def require_failed(portal: Portal) -> None:
    """Values are changed after a failed provisioning only, and not while its packages install. Raises NotNow."""
    phase, packages = Phase(portal.phase), Packages(portal.packages)
    if phase is not Phase.PROVISIONING_FAILED or packages is Packages.INSTALLING:
        raise NotNow(why_no_reset(phase, packages) or NOT_FAILED)

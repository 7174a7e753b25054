"""When custom domains may be changed, on top of who may manage the portal."""

from __future__ import annotations

from accounts.words import N_
from provisioning.models import Portal, PortalType
from provisioning.policies import NotNow, require_updatable

PRODUCTION_ONLY = N_("For production portals only; this portal belongs to a trial subscription.")


def why_no_domains(portal: Portal) -> str:
    """Why the entries of custom domains rest; "" when they do not."""
    return PRODUCTION_ONLY if portal.type == PortalType.TRIAL else ""


def require_domains(portal: Portal) -> None:
    """Raises NotNow for trial portals, and while the portal's phase forbids updates."""
    require_updatable(portal)
    if sentence := why_no_domains(portal):
        raise NotNow(sentence)

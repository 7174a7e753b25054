"""Which solutions a portal needs in its organization."""

from __future__ import annotations

from collections.abc import Iterable

from organizations.packages import catalog
from provisioning.features import ADD_ONS, KINDS, AddOn, PortalKind
from provisioning.models import Portal


def in_order(package: str, add_on_packages: Iterable[str]) -> list[str]:
    """Unique names in the order of import: the portal's own package and what it needs, then its add-ons."""
    own = catalog.install_order([package])
    return own + [name for name in catalog.install_order(add_on_packages) if name not in own]


def solutions_of(portal: Portal) -> list[str]:
    """The same for a portal that is configured."""
    return in_order(
        KINDS[PortalKind(portal.template)].package, [ADD_ONS[AddOn(name)].package for name in portal.add_ons]
    )

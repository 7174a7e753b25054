"""A portal's tie to its organization: the address where it reaches it, and whether the same one answers there."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from accounts.words import N_
from organizations.connect import connect
from organizations.dependents import Bound
from organizations.locating import connect_at, same
from organizations.models import Instance
from organizations.ports import Organization, Unavailable
from provisioning.models import Portal
from provisioning.phases import Phase

OTHER_ORGANIZATION = N_(
    "Another Dynamics 365 organization answers at this URL. A portal stays with the organization that it was "
    "provisioned for, so nothing was changed."
)


class OtherOrganization(Exception):
    """The organization at that address is not the portal's; `found` is its id."""

    def __init__(self, found: UUID) -> None:
        super().__init__(OTHER_ORGANIZATION)
        self.found = found


def bound_url(portal: Portal) -> str:
    """Where the portal reaches its organization; "" before it has one. Older portals were never bound anew."""
    return portal.organization_url or (portal.instance.url if portal.instance else "")


def has_moved(portal: Portal) -> bool:
    """The organization has another address than the one that the portal is bound to."""
    return portal.instance is not None and not same(bound_url(portal), portal.instance.url)


def organization_of(portal: Portal) -> Organization:
    """The organization, for the portal's own pages.

    Nothing is read at an address that the organization has left: another one may answer there by now.
    Raises Unavailable when it has, and what `connect` raises.
    """
    assert portal.instance is not None  # a portal that shows pages has one
    if has_moved(portal):
        raise Unavailable(
            f"The organization is no longer at {bound_url(portal)}: update the portal's Dynamics 365 URL.",
            code="organization_moved",
        )
    return connect(portal.instance)


def require_same(*, instance: Instance, url: str, organization_id: UUID) -> Organization:
    """The organization at the address, if it is that one.

    Raises OtherOrganization, and what the organization port raises when nobody answers or we are not let in.
    """
    organization = connect_at(instance, url)
    found = organization.who_am_i().organization_id
    if found != organization_id:
        raise OtherOrganization(found)
    return organization


# None of these has anything that would have to reach the organization.
_UNBOUND = (Phase.NOT_CONFIGURED, Phase.RESET, Phase.RESETTING)


def bound_to(instance: Instance) -> list[Bound]:
    """The instance's portals, and whether each reaches it. One query."""
    rows = Portal.objects.filter(instance=instance).exclude(phase__in=[phase.value for phase in _UNBOUND])
    return [
        Bound(
            portal.name,
            bound_url(portal),
            reverse("provisioning:instance", args=[portal.id]),
            not has_moved(portal),
        )
        for portal in rows.select_related("instance").only("name", "organization_url", "instance__url")
    ]

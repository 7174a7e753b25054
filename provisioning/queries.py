"""Questions about portals."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts import permissions
from accounts.roles import OrganizationRole
from provisioning.models import Address, Portal
from provisioning.phases import ADD_ON, Phase

if TYPE_CHECKING:
    from accounts.models import User


def visible_portals(user: User) -> QuerySet[Portal]:
    """Rows of the Applications tab: those whose Manage this person may open, oldest first."""
    rows = Portal.objects.select_related("instance", "owner").order_by("created_at", "id")
    if permissions.is_tenant_administrator(user):
        return rows
    own = Q(instance__in=permissions.instances_with(user, OrganizationRole.SYSTEM_ADMINISTRATOR))
    if permissions.may_manage(user, None):
        own |= Q(phase=Phase.NOT_CONFIGURED.value)
    return rows.filter(own)


def search(rows: QuerySet[Portal], text: str) -> QuerySet[Portal]:
    """Rows whose shown name, URL or instance contains the text, in any case of letters."""
    text = text.strip()
    if not text:
        return rows
    matches = Q(name__icontains=text) | Q(subdomain__icontains=text) | Q(instance__name__icontains=text)
    if text.lower() in ADD_ON.lower():
        matches |= Q(phase=Phase.NOT_CONFIGURED.value)
    return rows.filter(matches)


def subdomain_taken(subdomain: str, *, instance_id: UUID | None, portal_id: UUID) -> bool:
    """Whether that portal, of that organization, cannot have the subdomain."""
    others = Address.objects.filter(subdomain=subdomain).exclude(portal_id=portal_id)
    if instance_id is not None:  # what is kept for the organization may be used by its next portal
        others = others.exclude(portal__isnull=True, instance_id=instance_id)
    return others.exists()

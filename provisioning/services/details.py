"""Changes on the Portal Details page."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts import audit
from provisioning import trail
from provisioning.models import Portal, PortalType
from provisioning.policies import require_updatable


@audit.attempted(audit.Verb.UPDATE_DETAILS)
@transaction.atomic
def update(
    *, portal_id: UUID, name: str, development_status: str, is_on: bool, early_upgrade: bool
) -> Portal:
    """Set what may be changed after provisioning. Raises policies.NotNow while the portal's phase forbids it.

    The row is locked: a job that begins at the same moment is before or after this, never in between.
    """
    portal = Portal.objects.select_for_update().get(pk=portal_id)
    require_updatable(portal)
    before = trail.values(portal)
    portal.name = name
    portal.development_status = development_status if portal.type == PortalType.PRODUCTION else ""
    portal.is_on = is_on
    portal.early_upgrade = early_upgrade
    portal.save(update_fields=["name", "development_status", "is_on", "early_upgrade"])
    trail.updated(portal, before=before)
    return portal

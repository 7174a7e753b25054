"""Portal add-ons: what a subscription brings, before anybody configures it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Verb
from provisioning import trail
from provisioning.models import Portal, PortalType

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def add(*, type: str, owner: User | None) -> Portal:
    """One more add-on of that subscription (PortalType)."""
    portal = Portal.objects.create(type=type, owner=owner)
    audit.record(Verb.ADD_PORTAL, subject=trail.subject(portal), by=owner, after={"type": type})
    return portal


@transaction.atomic
def convert_to_production(*, portal_id: UUID) -> bool:
    """The trial became a paid subscription; False if it is one already. Nothing else of the portal changes."""
    trials = Portal.objects.filter(pk=portal_id, type=PortalType.TRIAL)
    portal = trials.select_for_update(of=("self",)).first()
    if portal is None:
        return False
    before = {"type": portal.type}
    trials.update(type=PortalType.PRODUCTION)
    after = {"type": PortalType.PRODUCTION.value}
    return audit.changed(Verb.CONVERT_PORTAL, subject=trail.subject(portal), before=before, after=after)


@transaction.atomic
def opened(*, portal_id: UUID) -> None:
    """Somebody who may has opened its admin center; the first time counts."""
    if Portal.objects.filter(pk=portal_id, opened_at=None).update(opened_at=timezone.now()):
        portal = Portal.objects.get(pk=portal_id)
        audit.record(Verb.OPEN_PORTAL, subject=trail.subject(portal), after={"status": "Configured"})

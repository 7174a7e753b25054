"""Portal add-ons: what a subscription brings, before anybody configures it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from provisioning.models import Portal, PortalType

if TYPE_CHECKING:
    from accounts.models import User


def add(*, type: str, owner: User | None) -> Portal:
    """One more add-on of that subscription (PortalType)."""
    return Portal.objects.create(type=type, owner=owner)


def convert_to_production(*, portal_id: UUID) -> bool:
    """The trial became a paid subscription; False if it is one already. Nothing else of the portal changes."""
    trials = Portal.objects.filter(pk=portal_id, type=PortalType.TRIAL)
    return trials.update(type=PortalType.PRODUCTION) == 1


def opened(*, portal_id: UUID) -> None:
    """Somebody who may has opened its admin center; the first time counts."""
    Portal.objects.filter(pk=portal_id, opened_at=None).update(opened_at=timezone.now())

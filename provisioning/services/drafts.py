"""Keeps what was entered in the configure form until it is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from provisioning.models import Draft, Portal

if TYPE_CHECKING:
    from accounts.models import User


def keep(*, portal: Portal, values: Mapping[str, Any], edited_by: User) -> Draft:
    """Remember the values as they were entered."""
    draft, _ = Draft.objects.update_or_create(
        portal=portal, defaults={"values": dict(values), "edited_by": edited_by}
    )
    return draft


def values_of(portal: Portal) -> dict[str, Any]:
    """What was entered last; empty if nothing was."""
    draft = Draft.objects.filter(portal=portal).first()
    return dict(draft.values) if draft else {}


def values_from(portal: Portal) -> dict[str, Any]:
    """The values that the portal has, for a form that begins with them; empty if it never had any."""
    if portal.instance_id is None:
        return {}
    return {
        "name": portal.name,
        "development_status": portal.development_status,
        "subdomain": portal.subdomain,
        "instance": str(portal.instance_id),
        "language": str(portal.language or ""),
        "administrator": str(portal.administrator_id or ""),
        "audience": portal.audience,
        "template": portal.template,
        "addons": list(portal.add_ons),
        "early_upgrade": portal.early_upgrade,
    }

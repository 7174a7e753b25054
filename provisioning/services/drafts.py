"""Keeps what was entered in the configure form until it is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts import audit
from provisioning import trail
from provisioning.models import Draft, Portal

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def keep(*, portal: Portal, values: Mapping[str, Any], edited_by: User) -> Draft:
    """Remember the values as they were entered. Entering the same again changes nothing."""
    draft, made = Draft.objects.select_for_update().get_or_create(
        portal=portal, defaults={"values": dict(values), "edited_by": edited_by}
    )
    audit.changed(
        audit.Verb.DRAFT_VALUES,
        subject=trail.subject(portal),
        by=edited_by,
        before={} if made else draft.values,
        after=values,
    )
    if not made and draft.values != dict(values):
        draft.values, draft.edited_by, draft.revision = dict(values), edited_by, draft.revision + 1
        draft.save()
    return draft


def of(portal: Portal) -> Draft | None:
    """What was entered last, and by whom."""
    return Draft.objects.select_related("edited_by").filter(portal=portal).first()


def values_of(portal: Portal) -> dict[str, Any]:
    """What was entered last; empty if nothing was."""
    draft = of(portal)
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

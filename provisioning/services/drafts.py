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

"""Labels of an embedded organization, in layers."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F

from organizations.models import Label


def effective(instance_id: UUID, component: str, lcid: int) -> dict[str, str]:
    """Texts by column, from the lowest layer up: each covers the one below, and people's own changes cover all."""
    rows = Label.objects.filter(instance=instance_id, component=component, lcid=lcid)
    upwards = rows.order_by(F("solution__layer").asc(nulls_last=True))
    return dict(upwards.values_list("column", "text"))

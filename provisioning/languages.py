"""What depends on a language of an organization: the portals that are in it."""

from __future__ import annotations

from uuid import UUID

from provisioning.models import Portal
from provisioning.phases import Phase


def portals_in(instance_id: UUID, lcid: int) -> list[str]:
    """Names of the portals of an instance that are in that language."""
    rows = Portal.objects.filter(instance=instance_id, language=lcid).exclude(phase=Phase.RESET.value)
    return list(rows.values_list("name", flat=True))

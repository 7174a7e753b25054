"""Languages of an embedded organization."""

from __future__ import annotations

from uuid import UUID

from organizations.models import Language


def enabled(instance_id: UUID, base_language: int) -> list[int]:
    """LCIDs, ascending; the base language cannot be disabled."""
    rows = Language.objects.filter(instance=instance_id, enabled=True)
    return sorted({base_language, *rows.values_list("lcid", flat=True)})

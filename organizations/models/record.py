"""Records of an embedded organization."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from organizations.models.instance import Instance


class Record(models.Model):
    """One row of an entity: attributes by name, as JSON; one without a value is left out."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="records", db_index=False)
    entity = models.CharField(max_length=100)
    record_id = models.UUIDField()
    attributes = models.JSONField(default=dict)
    version = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            # Serves queries by (instance, entity) as well.
            models.UniqueConstraint(
                fields=["instance", "entity", "record_id"], name="organizations_record_once"
            ),
        ]
        indexes = [
            GinIndex(fields=["attributes"], opclasses=["jsonb_path_ops"], name="organizations_record_values"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.record_id}"

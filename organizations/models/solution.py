"""Solutions that an embedded organization has."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from organizations.models.instance import Instance


class Solution(models.Model):
    """An installed solution. Its labels form one managed layer; a higher `layer` lies above a lower one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="solutions")
    unique_name = models.CharField(max_length=100)
    friendly_name = models.CharField(max_length=200)
    version = models.CharField(max_length=40)
    layer = models.PositiveIntegerField()
    # What its layer holds: a digest of the labels by LCID (as text). A language that is the same needs no look.
    languages = models.JSONField(default=dict)
    installed_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["unique_name"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "unique_name"], name="organizations_solution_once"),
            models.UniqueConstraint(fields=["instance", "layer"], name="organizations_solution_layer_once"),
            models.CheckConstraint(
                condition=Q(version__regex=r"^\d+\.\d+\.\d+\.\d+$"),
                name="organizations_solution_version_form",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.friendly_name} {self.version}"

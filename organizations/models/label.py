"""Labels: what the parts of an organization are called, by language and layer."""

from __future__ import annotations

from django.db import models

from organizations.models.instance import Instance
from organizations.models.solution import Solution


class Label(models.Model):
    """One text of a component in one language and one layer.

    Without a solution it lies in the unmanaged layer, which holds what people changed and wins over the rest.
    """

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="labels")
    component = models.CharField(max_length=200)
    column = models.CharField(max_length=100)
    lcid = models.PositiveIntegerField()
    solution = models.ForeignKey(
        Solution, on_delete=models.CASCADE, null=True, related_name="labels", db_index=False
    )
    text = models.CharField(max_length=500)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "component", "column", "lcid", "solution"],
                nulls_distinct=False,  # one unmanaged text, too
                name="organizations_label_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["instance", "lcid", "component", "column"],
                condition=models.Q(solution__isnull=True),
                name="organizations_label_own",
            ),
            models.Index(fields=["solution", "lcid"], name="organizations_label_by_layer"),
        ]

    def __str__(self) -> str:
        return f"{self.component}.{self.column} ({self.lcid}): {self.text}"

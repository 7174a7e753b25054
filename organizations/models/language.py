"""Languages of an organization."""

from __future__ import annotations

from django.db import models

from organizations.models.instance import Instance


class Language(models.Model):
    """A language that an organization could use; it does while `enabled`. The base language always is."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="languages")
    lcid = models.PositiveIntegerField()
    enabled = models.BooleanField(default=False)

    class Meta:
        ordering = ["lcid"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "lcid"], name="organizations_language_once"),
        ]

    def __str__(self) -> str:
        return f"{self.lcid} {'enabled' if self.enabled else 'available'}"

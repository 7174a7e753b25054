"""Languages of an organization."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from organizations.models.instance import Instance


class Language(models.Model):
    """A language that an organization could use; it does while `enabled`. The base language always is.

    The default language is the one that says so, else the base language.
    """

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="languages")
    lcid = models.PositiveIntegerField()
    enabled = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["lcid"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "lcid"], name="organizations_language_once"),
            models.UniqueConstraint(
                fields=["instance"], condition=Q(is_default=True), name="organizations_language_one_default"
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(enabled=True), name="organizations_language_default_enabled"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lcid} {'enabled' if self.enabled else 'available'}"

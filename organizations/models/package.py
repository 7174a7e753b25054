"""Packages that people brought themselves, and those of ours that were installed."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from organizations.models.instance import Instance


class UploadedPackage(models.Model):
    """A solution package as it was uploaded for one instance; what it says of itself was read from it once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="packages")
    unique_name = models.CharField(max_length=100)
    friendly_name = models.CharField(max_length=200)
    version = models.CharField(max_length=40)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    content = models.BinaryField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "unique_name", "digest"], name="organizations_package_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.friendly_name} {self.version}"


class KeptPackage(models.Model):
    """A package of ours as it was installed somewhere: a later release brings a newer one, and what is installed in
    the old version is still imported again from the old file.
    """

    unique_name = models.CharField(max_length=100)
    version = models.CharField(max_length=40)
    content = models.BinaryField()
    kept_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unique_name", "version"], name="organizations_kept_once"),
        ]

    def __str__(self) -> str:
        return f"{self.unique_name} {self.version}"

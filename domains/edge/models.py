"""What the edge keeps for itself. Which host it serves with what stands in domains.models.CustomDomain."""

from __future__ import annotations

from django.db import models

from accounts import vault


class EdgeRevision(models.Model):
    """One row at most, whose number grows with every change of what is served: edges ask for it every second.

    Triggers of the database keep it (migration 0002), in the transaction of the change itself: who sees the new
    number sees the change.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="domains_one_edge_revision")]

    def __str__(self) -> str:
        return str(self.number)


class BaseCertificate(models.Model):
    """A certificate that we made ourselves for the base domain, so that its portals answer over HTTPS as well.

    Browsers warn of it. A real edge has a real one for its base domain.
    """

    domain = models.CharField(max_length=253, primary_key=True)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256, lower-case hexadecimal.")
    chain = models.TextField(help_text="PEM")
    sealed_key = models.TextField(help_text="PEM (PKCS #8), sealed for this row; see accounts.vault.")
    not_after = models.DateTimeField()

    def __str__(self) -> str:
        return self.domain

    @property
    def key_place(self) -> str:
        """Where its key is sealed for."""
        return f"base-certificate:{self.domain}:key"

    def seal_key(self, pem: str) -> None:
        """Set the key. The row is not saved."""
        self.sealed_key = vault.seal(pem, place=self.key_place)

"""How the admin center reaches an organization that is somewhere else."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from organizations.models.instance import Instance


class Connection(models.Model):
    """Our application in the organization's directory, and what it proves its identity with.

    `sealed` is the secret, or the certificate with its key as PEM, sealed by `accounts.vault`; it is shown to nobody.
    """

    class Proof(models.TextChoices):
        SECRET = "secret", _("Client secret")
        CERTIFICATE = "certificate", _("Certificate")

    instance = models.OneToOneField(Instance, on_delete=models.CASCADE, related_name="connection")
    tenant = models.CharField(max_length=100, help_text="Id or domain of the directory.")
    client_id = models.UUIDField()
    proof = models.CharField(max_length=11, choices=Proof.choices)
    sealed = models.TextField()
    proof_expires_at = models.DateTimeField(null=True, help_text="Known of certificates only.")
    changed_at = models.DateTimeField(auto_now=True)
    # What the last test found: a list of {right, ok, message}.
    report = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(proof__in=["secret", "certificate"]), name="organizations_connection_proof_known"
            ),
            models.CheckConstraint(condition=~Q(sealed=""), name="organizations_connection_has_proof"),
        ]

    def __str__(self) -> str:
        return f"{self.instance}: {self.client_id}"


class RemoteOperation(models.Model):
    """An import that an organization somewhere else works on: our name for it, and the organization's own.

    It is written down at once, so that whoever asks again finds the one that runs, and begins no second one.
    """

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="remote_operations")
    operation_id = models.UUIDField()
    # None until the organization has answered.
    async_operation_id = models.UUIDField(null=True)
    component = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "operation_id"], name="organizations_remote_operation_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.operation_id}"

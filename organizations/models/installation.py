"""What the admin center itself knows of a solution on an instance."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from organizations.models.instance import Instance
from organizations.models.package import UploadedPackage


class SolutionInstall(models.Model):
    """How the installation of a solution stands. Rows change in `organizations.installations`."""

    class State(models.TextChoices):
        PENDING = "pending", "Installation pending"
        INSTALLING = "installing", "Installing"
        INSTALLED = "installed", "Installed"
        FAILED = "failed", "Install Failed"

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="installs")
    unique_name = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    version = models.CharField(max_length=40, help_text="Version that was asked for, or that is installed.")
    # How far the import is, in percent, and what it works on, as the organization told last.
    progress = models.PositiveSmallIntegerField(default=0)
    component = models.CharField(max_length=200, blank=True, default="")
    # The file that is, or was, to be installed; none for the packages that we bring.
    package = models.ForeignKey(UploadedPackage, null=True, on_delete=models.SET_NULL, related_name="+")
    # Grows with every change, so that pages can ask whether anything is new.
    revision = models.PositiveIntegerField(default=1)
    job_id = models.UUIDField(null=True, help_text="The job that works on it, or worked on it last.")
    reason = models.TextField(blank=True, default="")
    error_id = models.CharField(max_length=8, blank=True, default="")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance", "unique_name"], name="organizations_install_once"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "installing", "installed", "failed"]),
                name="organizations_install_state_known",
            ),
            models.CheckConstraint(
                condition=(Q(state="failed") & ~Q(reason=""))
                | (~Q(state="failed") & Q(reason="") & Q(error_id="")),
                name="organizations_install_reason_iff_failed",
            ),
        ]
        indexes = [models.Index(fields=["job_id"], name="organizations_install_job")]

    def __str__(self) -> str:
        return f"{self.unique_name}: {self.state}"

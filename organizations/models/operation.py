"""Asynchronous operations of an embedded organization, and what they have prepared."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from organizations.models.instance import Instance
from organizations.ports import OperationState


class AsyncOperation(models.Model):
    """One import. The caller gave the id, so that asking twice makes one.

    `staged` changes of labels are prepared, against the state of the organization that `basis` names.
    """

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="operations")
    operation_id = models.UUIDField()
    solution = models.CharField(max_length=100)
    state = models.CharField(max_length=12, default=OperationState.READY.value)
    progress = models.PositiveSmallIntegerField(default=0)
    component = models.CharField(max_length=200, blank=True, default="")
    staged = models.PositiveIntegerField(default=0)
    basis = models.CharField(max_length=64, blank=True, default="")
    labels = models.JSONField(default=list, help_text="organizations.ports.LabelChanges, by language.")
    message = models.TextField(blank=True, default="")
    error_code = models.CharField(max_length=60, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance", "operation_id"], name="organizations_operation_once"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in OperationState]),
                name="organizations_operation_state_known",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["succeeded", "failed"]) & Q(finished_at__isnull=False))
                | (~Q(state__in=["succeeded", "failed"]) & Q(finished_at__isnull=True)),
                name="organizations_operation_finished_iff_ended",
            ),
            models.CheckConstraint(
                condition=(Q(state="failed") & ~Q(error_code="")) | (~Q(state="failed") & Q(error_code="")),
                name="organizations_operation_error_iff_failed",
            ),
            models.CheckConstraint(
                condition=Q(progress__lte=100), name="organizations_operation_progress_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.solution} {self.state}"


class StagedLabel(models.Model):
    """One label that an import has prepared and nobody sees yet."""

    operation = models.ForeignKey(AsyncOperation, on_delete=models.CASCADE, related_name="staged_labels")
    component = models.CharField(max_length=200)
    column = models.CharField(max_length=100)
    lcid = models.PositiveIntegerField()
    text = models.CharField(max_length=500)

    def __str__(self) -> str:
        return f"{self.component}.{self.column} ({self.lcid})"

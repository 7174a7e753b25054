"""An instance: one Dynamics 365 organization of the tenant, as the admin center knows it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Instance(models.Model):
    """What the admin center knows of one organization; `organizations.connect` leads to it."""

    class Kind(models.TextChoices):
        EMBEDDED = "embedded", _("Embedded")
        # Somewhere else, reached through its Web API; `Connection` says how.
        DATAVERSE = "dataverse", _("Dataverse")

    class Type(models.TextChoices):
        PRODUCTION = "production", _("Production")
        SANDBOX = "sandbox", _("Sandbox")

    class State(models.TextChoices):
        READY = "ready", _("Ready")
        # Administration mode: the organization lets nobody in.
        DISABLED = "disabled", _("Administration mode")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=160, unique=True)
    url = models.URLField(max_length=300, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.EMBEDDED)
    type = models.CharField(max_length=10, choices=Type.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    version = models.CharField(max_length=40)
    base_language = models.PositiveIntegerField(help_text="LCID")
    # The organization's own id (`WhoAmI`): the address may change, this does not.
    organization_id = models.UUIDField(default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["embedded", "dataverse"]), name="organizations_instance_kind_known"
            ),
            # One row each, save that an embedded organization may also be looked at through its Web API.
            models.UniqueConstraint(fields=["kind", "organization_id"], name="organizations_instance_once"),
            models.CheckConstraint(
                condition=Q(type__in=["production", "sandbox"]), name="organizations_instance_type_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["ready", "disabled"]), name="organizations_instance_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

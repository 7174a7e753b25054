"""What the jobs of this room are about, for lists of jobs."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.urls import reverse

from accounts.words import N_
from jobs.registry import Subject
from provisioning.models import Portal

# Who may restart and cancel the jobs of a portal (accounts.permissions.may_manage).
WHO_MANAGES = N_(
    "Global administrators, Dynamics 365 service administrators, and system administrators of the portal's "
    "organization."
)


def portals(ids: Collection[str]) -> dict[str, Subject]:
    """Portals by id, in one query; those that are gone are left out."""
    rows = Portal.objects.filter(pk__in=[UUID(id) for id in ids]).only("id", "name", "phase")
    return {
        str(portal.id): Subject(
            portal.name or portal.display_name, reverse("provisioning:portal", args=[portal.id])
        )
        for portal in rows
    }

"""Asking for the latest metadata translations of a portal's solutions."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from accounts import audit
from jobs import services as jobs
from jobs.models import Job
from organizations import installations
from provisioning.models import Portal
from provisioning.policies import NotNow, why_no_translations
from provisioning.solutions import solutions_of
from provisioning.translations import KIND

if TYPE_CHECKING:
    from accounts.models import User


@audit.attempted(audit.Verb.UPDATE_TRANSLATIONS)
@transaction.atomic
def submit(*, portal_id: UUID, user: User) -> Job:
    """Begin the update. Raises policies.NotNow (the phase, or solutions that install) and jobs.services.AlreadyActive.

    The portal and the imports of its organization are held, so that an installation is before this or after it.
    """
    portal = Portal.objects.select_for_update().get(pk=portal_id)
    if portal.instance_id is not None:
        installations.hold(portal.instance_id)
    if sentence := why_no_translations(portal):
        raise NotNow(sentence)
    return jobs.enqueue(
        kind=KIND,
        inputs={
            "portal_id": str(portal.id),
            "instance_id": str(portal.instance_id),
            "solutions": solutions_of(portal),
        },
        exclusive_key=portal.exclusive_key,
        serial_key=f"organization:{portal.instance_id}",
        requested_by=user,
    )


def latest(portal: Portal) -> Job | None:
    """The portal's last update, running or ended."""
    rows = Job.objects.filter(kind=KIND, exclusive_key=portal.exclusive_key)
    return rows.select_related("requested_by").order_by("-created_at").first()

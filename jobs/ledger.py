"""The resource ledger: nothing is made in the outside world that is not written down here first.

Called by steps while they hold their job. A planned row whose thing was never made is harmless: whoever removes it
finds nothing there.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jobs.models import Resource


@transaction.atomic
def plan(*, job_id: UUID, exclusive_key: str, kind: str, name: str, scope: Resource.Scope) -> Resource:
    """Write down what is about to be made. Again for the same thing gives the same row."""
    row, _ = Resource.objects.exclude(state=Resource.State.RELEASED).get_or_create(
        exclusive_key=exclusive_key,
        kind=kind,
        name=name,
        defaults={"scope": scope, "job_id": job_id, "created_at": timezone.now()},
    )
    return row


def made(resource: Resource, *, external_id: str) -> bool:
    """It is there, and the outside world knows it by this id. False: it was released while it was made."""
    rows = Resource.objects.filter(pk=resource.pk).exclude(state=Resource.State.RELEASED)
    return bool(rows.update(state=Resource.State.MADE, external_id=external_id))


def released(resource: Resource) -> None:
    """It is gone."""
    Resource.objects.filter(pk=resource.pk).exclude(state=Resource.State.RELEASED).update(
        state=Resource.State.RELEASED, released_at=timezone.now()
    )


def held(*, exclusive_key: str) -> list[Resource]:
    """What is planned or there, newest first: the order in which it is taken down."""
    return list(
        Resource.objects.filter(exclusive_key=exclusive_key)
        .exclude(state=Resource.State.RELEASED)
        .order_by("-id")
    )

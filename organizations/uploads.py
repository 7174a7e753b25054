"""Packages that System Administrators bring themselves: judged before anything is kept or changed."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext

from jobs.models import Job
from organizations import installations
from organizations.connect import connect
from organizations.models import Instance, UploadedPackage
from organizations.packages import reader

if TYPE_CHECKING:
    from accounts.models import User

# What somebody uploads is read in memory. It must pass the limit for bodies of requests (20 MB) with what is around it.
MAX_BYTES = 16 * 1024 * 1024


class CannotBeInstalled(Exception):
    """The organization would refuse it; `reasons` are sentences of its own."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def install(*, instance: Instance, data: bytes, uploaded_by: User) -> Job:
    """Keep the package and begin to install it; nothing of it stays when it is refused.

    Raises ports.Rejected (it is no proper package), CannotBeInstalled, installations.AlreadyInHand, and what the port
    raises when the organization does not answer.
    """
    package = reader.read(data)
    staged = connect(instance).stage_solution(data)
    needs = [
        gettext("It needs %(solution)s or later, which is not installed.") % {"solution": name}
        for name in staged.missing
    ]
    if staged.missing or staged.problems:
        raise CannotBeInstalled([*needs, *staged.problems])
    with transaction.atomic():
        kept, _ = UploadedPackage.objects.get_or_create(
            instance=instance,
            unique_name=package.unique_name,
            digest=sha256(data).hexdigest(),
            defaults={
                "friendly_name": package.friendly_name(),
                "version": package.version,
                "content": data,
                "uploaded_by": uploaded_by,
            },
        )
        job = installations.install(
            instance_id=instance.id, unique_name=package.unique_name, requested_by=uploaded_by, package=kept
        )
        _forget_older(kept)
    return job


def _forget_older(kept: UploadedPackage) -> None:
    """Files of the same solution that no installation needs any more."""
    older = UploadedPackage.objects.filter(instance=kept.instance_id, unique_name=kept.unique_name)
    older.exclude(pk=kept.pk).delete()

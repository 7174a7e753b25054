"""What the admin center writes down about solutions that it installs. Called by the job that installs them, within
the engine's transactions, and by the solutions page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from jobs import services as jobs
from jobs.models import Job
from organizations.models import SolutionInstall
from organizations.packages import catalog, versions

if TYPE_CHECKING:
    from accounts.models import User

State = SolutionInstall.State

# A job has them in hand, or will.
ACTIVE = (State.PENDING, State.INSTALLING)


class NothingToRetry(Exception):
    """The installation did not fail, or no job of it is left; the message says which."""


@transaction.atomic
def request(
    *, instance_id: UUID, unique_names: Iterable[str], job_id: UUID, requested_by_id: int | None
) -> list[str]:
    """A job will install these solutions, in the version that we bring; which of them are pending now.

    One that is installed in that version (or a later one) is left alone, and so is one that another job has in
    hand. Raises catalog.UnknownSolution.
    """
    asked = {name: catalog.find(name).version for name in unique_names}
    SolutionInstall.objects.bulk_create(
        (
            SolutionInstall(
                instance_id=instance_id,
                unique_name=name,
                version=version,
                job_id=job_id,
                requested_by_id=requested_by_id,
            )
            for name, version in sorted(asked.items())
        ),
        ignore_conflicts=True,
    )
    rows = SolutionInstall.objects.filter(instance_id=instance_id, unique_name__in=asked)
    for row in rows.select_for_update().order_by("unique_name"):
        outdated = row.state == State.INSTALLED and versions.older(row.version, asked[row.unique_name])
        if row.state == State.FAILED or outdated:
            _change(
                SolutionInstall.objects.filter(pk=row.pk),
                state=State.PENDING,
                version=asked[row.unique_name],
                job_id=job_id,
                requested_by_id=requested_by_id,
            )
    return sorted(rows.filter(job_id=job_id, state=State.PENDING).values_list("unique_name", flat=True))


@transaction.atomic
def installing(*, instance_id: UUID, unique_name: str, job_id: UUID) -> bool:
    """The job begins with this solution, whatever was known of it before; False if that was written down already.

    Raises catalog.UnknownSolution.
    """
    version = catalog.find(unique_name).version
    row, made = SolutionInstall.objects.get_or_create(
        instance_id=instance_id,
        unique_name=unique_name,
        defaults={"state": State.INSTALLING, "version": version, "job_id": job_id},
    )
    others = SolutionInstall.objects.filter(pk=row.pk).exclude(state=State.INSTALLING, job_id=job_id)
    return made or _change(others, state=State.INSTALLING, version=version, job_id=job_id) == 1


@transaction.atomic
def installed(*, instance_id: UUID, unique_name: str, version: str) -> bool:
    """The organization has the solution in this version (four numbers); False if that was written down already."""
    row, made = SolutionInstall.objects.get_or_create(
        instance_id=instance_id,
        unique_name=unique_name,
        defaults={"state": State.INSTALLED, "version": version},
    )
    others = SolutionInstall.objects.filter(pk=row.pk).exclude(state=State.INSTALLED, version=version)
    return made or _change(others, state=State.INSTALLED, version=version) == 1


@transaction.atomic
def job_failed(*, job_id: UUID, reason: str, error_id: str = "") -> int:
    """The job ended without installing everything: what it had in hand failed; how many that are."""
    rows = SolutionInstall.objects.filter(job_id=job_id, state__in=ACTIVE)
    return _change(rows, state=State.FAILED, reason=reason or "The installation failed.", error_id=error_id)


@transaction.atomic
def retry(*, instance_id: UUID, unique_name: str, requested_by: User) -> Job:
    """A new attempt at the job that failed to install this solution; it goes on where that one stopped.

    Raises NothingToRetry, jobs.services.NotRestartable and jobs.services.AlreadyActive.
    """
    row = SolutionInstall.objects.filter(
        instance_id=instance_id, unique_name=unique_name, state=State.FAILED
    ).first()
    if row is None:
        raise NothingToRetry("There is no failed installation of this solution any more.")
    if row.job_id is None or not Job.objects.filter(pk=row.job_id).exists():
        raise NothingToRetry("The job that installed this solution is gone, so it cannot be restarted.")
    job = jobs.restart(job_id=row.job_id, requested_by=requested_by)
    # As a rule the new attempt has asked for them itself by now.
    left = SolutionInstall.objects.filter(job_id=row.job_id, state=State.FAILED)
    _change(left, state=State.PENDING, job_id=job.id, requested_by_id=requested_by.pk)
    return job


def _change(rows: QuerySet[SolutionInstall], **values: Any) -> int:
    """The one way in which rows change: a reason stays only with a failure, and pages hear of it."""
    cleared = {"reason": "", "error_id": ""}
    return rows.update(**{**cleared, **values, "revision": F("revision") + 1, "updated_at": timezone.now()})

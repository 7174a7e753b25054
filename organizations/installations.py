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

from accounts import audit, permissions
from accounts.audit import Verb
from accounts.words import N_
from jobs import services as jobs
from jobs.models import Job
from organizations import trail
from organizations.models import Instance, SolutionInstall, UploadedPackage
from organizations.packages import catalog, versions

if TYPE_CHECKING:
    from accounts.models import User

State = SolutionInstall.State

# A job has them in hand, or will.
ACTIVE = (State.PENDING, State.INSTALLING)


# The kind of job that installs one solution (`organizations.installing`).
KIND = "install-solution"


class NothingToRetry(Exception):
    """The installation did not fail (any more)."""


class AlreadyInHand(jobs.NotRestartable):
    """Another job installs this solution now, or will."""


@transaction.atomic
def request(
    *, instance_id: UUID, unique_names: Iterable[str], job_id: UUID, requested_by_id: int | None
) -> list[str]:
    """A job will install these solutions, in the version that we bring; which of them are pending now.

    One that is installed in that version (or a later one) is left alone, and so is one that another job has in
    hand. Raises catalog.UnknownSolution.
    """
    asked = {name: catalog.find(name).version for name in unique_names}
    hold(instance_id)
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
def taken(
    *,
    instance_id: UUID,
    unique_name: str,
    version: str,
    package_id: UUID | None,
    job_id: UUID,
    requested_by_id: int | None,
) -> None:
    """A job will install this solution in this version, whatever is known of it; `package_id` is an uploaded file.

    Raises AlreadyInHand when another job has it.
    """
    hold(instance_id)
    said = {
        "state": State.PENDING,
        "version": version,
        "package_id": package_id,
        "job_id": job_id,
        "requested_by_id": requested_by_id,
    }
    row, made = SolutionInstall.objects.get_or_create(
        instance_id=instance_id, unique_name=unique_name, defaults=said
    )
    if made or row.job_id == job_id:
        return
    if row.state in ACTIVE:
        raise AlreadyInHand(N_("This solution is being installed already."))
    _change(SolutionInstall.objects.filter(pk=row.pk), **said)


def active(*, instance_id: UUID, unique_names: Iterable[str]) -> list[str]:
    """Which of these are being installed, or will be; after `hold`, none begins until the transaction ends."""
    rows = SolutionInstall.objects.filter(
        instance_id=instance_id, unique_name__in=list(unique_names), state__in=ACTIVE
    )
    return sorted(rows.values_list("unique_name", flat=True))


def hold(instance_id: UUID) -> None:
    """Whatever begins to install, or must not while others do, comes one after the other. In a transaction; whoever
    holds a portal, too, holds that first.
    """
    Instance.objects.select_for_update(no_key=True).filter(pk=instance_id).first()


@transaction.atomic
def installing(*, instance_id: UUID, unique_name: str, version: str, job_id: UUID) -> bool:
    """The job begins with this solution, whatever was known of it before; False if that was written down already."""
    row, made = SolutionInstall.objects.get_or_create(
        instance_id=instance_id,
        unique_name=unique_name,
        defaults={"state": State.INSTALLING, "version": version, "job_id": job_id},
    )
    others = SolutionInstall.objects.filter(pk=row.pk).exclude(state=State.INSTALLING, job_id=job_id)
    return made or _change(others, state=State.INSTALLING, version=version, job_id=job_id) == 1


@transaction.atomic
def progressed(*, instance_id: UUID, unique_name: str, progress: int, component: str) -> bool:
    """How far the import is; False if that was known already."""
    rows = SolutionInstall.objects.filter(
        instance_id=instance_id, unique_name=unique_name, state=State.INSTALLING
    ).exclude(progress=progress, component=component[:200])
    return _change(rows, progress=progress, component=component[:200]) == 1


@transaction.atomic
def installed(*, instance_id: UUID, unique_name: str, version: str) -> bool:
    """The organization has the solution in this version (four numbers); False if that was written down already."""
    row, made = SolutionInstall.objects.get_or_create(
        instance_id=instance_id,
        unique_name=unique_name,
        defaults={"state": State.INSTALLED, "version": version},
    )
    others = SolutionInstall.objects.filter(pk=row.pk).exclude(state=State.INSTALLED, version=version)
    changed = made or _change(others, state=State.INSTALLED, version=version) == 1
    if changed:
        trail.solution(instance_id, unique_name, version=version)
    return changed


@transaction.atomic
def job_failed(*, job_id: UUID, reason: str, error_id: str = "") -> int:
    """The job ended without installing everything: what it had in hand failed; how many that are."""
    rows = SolutionInstall.objects.filter(job_id=job_id, state__in=ACTIVE)
    for row in rows:
        trail.solution(
            row.instance_id,
            row.unique_name,
            version=row.version,
            failed=True,
            reason=reason,
            error_id=error_id,
        )
    return _change(rows, state=State.FAILED, reason=reason or "The installation failed.", error_id=error_id)


@audit.attempted(Verb.INSTALL_SOLUTION)
@transaction.atomic
def install(
    *, instance_id: UUID, unique_name: str, requested_by: User, package: UploadedPackage | None = None
) -> Job:
    """A job that installs this solution, or brings it to the version that we ship; else the uploaded package.

    What it needs beside is not installed with it: where that is absent, the job fails and names it.
    Raises AlreadyInHand, catalog.UnknownSolution, jobs.services.AlreadyActive.
    """
    version = package.version if package else catalog.find(unique_name).version
    hold(instance_id)
    if active(instance_id=instance_id, unique_names=[unique_name]):
        raise AlreadyInHand(N_("This solution is being installed already."))
    return jobs.enqueue(
        kind=KIND,
        inputs={
            "instance_id": str(instance_id),
            "solutions_of": str(instance_id),
            "unique_name": unique_name,
            "version": version,
            "package_id": str(package.id) if package else None,
            **installer_inputs(requested_by),
        },
        exclusive_key=f"install:{instance_id}:{unique_name}",
        serial_key=f"organization:{instance_id}",
        requested_by=requested_by,
    )


@audit.attempted(Verb.RETRY_SOLUTION)
@transaction.atomic
def retry(*, instance_id: UUID, unique_name: str, requested_by: User) -> Job:
    """A new attempt at the job that failed to install this solution; it goes on where that one stopped.

    From here on this person installs, if they are System Administrator there; else who installed before. A job that is
    gone is replaced by one for this solution alone.
    Raises NothingToRetry, jobs.services.NotRestartable and jobs.services.AlreadyActive.
    """
    row = failed(instance_id=instance_id, unique_name=unique_name)
    old = Job.objects.filter(pk=row.job_id).first() if row.job_id else None
    if old is None:
        return install(
            instance_id=instance_id, unique_name=unique_name, requested_by=requested_by, package=row.package
        )
    inputs = old.inputs
    if "installer" in inputs and permissions.is_system_administrator(requested_by, instance_id):
        inputs = {**inputs, **installer_inputs(requested_by)}
    job = jobs.restart(job_id=old.id, requested_by=requested_by, inputs=inputs)
    # As a rule the new attempt has asked for them itself by now.
    left = SolutionInstall.objects.filter(job_id=row.job_id, state=State.FAILED)
    _change(left, state=State.PENDING, job_id=job.id, requested_by_id=requested_by.pk)
    return job


def installer_inputs(user: User) -> dict[str, str]:
    """How a job's inputs name the person who installs."""
    return {"installer": str(user.directory_object_id), "installer_name": str(user)}


def failed(*, instance_id: UUID, unique_name: str) -> SolutionInstall:
    """The installation that failed. Raises NothingToRetry."""
    row = SolutionInstall.objects.filter(
        instance_id=instance_id, unique_name=unique_name, state=State.FAILED
    ).first()
    if row is None:
        raise NothingToRetry(N_("There is no failed installation of this solution any more."))
    return row


def _change(rows: QuerySet[SolutionInstall], **values: Any) -> int:
    """The one way in which rows change: what belongs to a state goes with it, and pages hear of it."""
    cleared: dict[str, Any] = {"reason": "", "error_id": "", "progress": 0, "component": ""}
    return rows.update(**{**cleared, **values, "revision": F("revision") + 1, "updated_at": timezone.now()})

"""When something may be done with a portal, on top of who may do it (`accounts.permissions`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from jobs.models import Job
from jobs.services import NotRestartable
from organizations import installations
from provisioning import translations
from provisioning.models import Portal
from provisioning.phases import (
    NOT_FAILED,
    NOT_ITS_PRESENT_JOB,
    Packages,
    Phase,
    why_no_instance_update,
    why_no_new_instance_update,
    why_no_new_packages,
    why_no_new_provisioning,
    why_no_new_reset,
    why_no_reset,
    why_no_updates,
)
from provisioning.solutions import solutions_of
from provisioning.translations import SOLUTIONS_INSTALLING


class NotNow(Exception):
    """The portal's phase forbids it; the message is the sentence of that phase."""


def require_updatable(portal: Portal) -> None:
    """Raises NotNow while the portal is being configured, or its packages install."""
    if sentence := why_no_updates(Phase(portal.phase), Packages(portal.packages)):
        raise NotNow(sentence)


def require_resettable(portal: Portal) -> None:
    """Raises NotNow in every phase but configured, provisioning failed and reset failed."""
    if sentence := why_no_reset(Phase(portal.phase), Packages(portal.packages)):
        raise NotNow(sentence)


def require_instance_updatable(portal: Portal) -> None:
    """Raises NotNow in every phase but configured and instance update failed, and while packages install."""
    if sentence := why_no_instance_update(Phase(portal.phase), Packages(portal.packages)):
        raise NotNow(sentence)


def require_failed(portal: Portal) -> None:
    """Values are changed after a failed provisioning only, and not while its packages install. Raises NotNow."""
    phase, packages = Phase(portal.phase), Packages(portal.packages)
    if phase is not Phase.PROVISIONING_FAILED or packages is Packages.INSTALLING:
        raise NotNow(why_no_reset(phase, packages) or NOT_FAILED)


# Whether a portal's job of a sort may be begun anew: the sentence that forbids it, or None. The second argument is the
# id of the job, since an earlier one of the same portal may not.
NewAttempt = Callable[[Portal, UUID | None], str | None]


def no_new_provisioning(portal: Portal, job_id: UUID | None) -> str | None:
    if portal.provision_job_id != job_id:
        return NOT_ITS_PRESENT_JOB
    return why_no_new_provisioning(Phase(portal.phase))


def no_new_reset(portal: Portal, job_id: UUID | None) -> str | None:
    if portal.reset_job_id != job_id:
        return NOT_ITS_PRESENT_JOB
    return why_no_new_reset(Phase(portal.phase))


def no_new_instance_update(portal: Portal, job_id: UUID | None) -> str | None:
    if portal.instance_job_id != job_id:
        return NOT_ITS_PRESENT_JOB
    return why_no_new_instance_update(Phase(portal.phase), Packages(portal.packages))


def no_new_packages(portal: Portal, job_id: UUID | None) -> str | None:
    if portal.packages_job_id != job_id:
        return NOT_ITS_PRESENT_JOB
    return why_no_new_packages(Phase(portal.phase), Packages(portal.packages))


def why_no_translations(portal: Portal) -> str | None:
    """The sentence with which an update of the portal's solutions is refused now; None when it may begin."""
    if sentence := why_no_updates(Phase(portal.phase), Packages(portal.packages)):
        return sentence
    assert portal.instance_id is not None  # it is configured
    installing = installations.active(instance_id=portal.instance_id, unique_names=solutions_of(portal))
    return SOLUTIONS_INSTALLING if installing else None


def no_new_translations(portal: Portal, job_id: UUID | None) -> str | None:
    rows = Job.objects.filter(kind=translations.KIND, exclusive_key=portal.exclusive_key)
    latest = rows.exclude(restart_of=job_id).order_by("-created_at").values_list("id", flat=True).first()
    if latest != job_id:
        return NOT_ITS_PRESENT_JOB
    return why_no_translations(portal)


def why_not(rule: NewAttempt, jobs: Collection[Job]) -> Mapping[UUID, str]:
    """Those of these jobs that the rule forbids to begin anew now, with the sentence; one query."""
    portals = {
        str(portal.id): portal
        for portal in Portal.objects.filter(pk__in={UUID(job.inputs["portal_id"]) for job in jobs})
    }
    found = {}
    for job in jobs:
        portal = portals.get(job.inputs["portal_id"])
        sentence = NOT_ITS_PRESENT_JOB if portal is None else rule(portal, job.id)
        if sentence:
            found[job.id] = sentence
    return found


def require_new_attempt(rule: NewAttempt, job: Job) -> None:
    """For a job that takes up another one, in the transaction that begins it: the portal's row is locked, so a reset
    or a new configuration is before or after this. Raises NotRestartable. For any other job nothing is asked.
    """
    if job.restart_of_id is None:
        return
    portal = Portal.objects.select_for_update().get(pk=job.inputs["portal_id"])
    if sentence := rule(portal, job.restart_of_id):
        raise NotRestartable(sentence)

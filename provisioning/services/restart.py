"""New attempts at the jobs of a portal, as people begin them.

The portal's row is locked first, as by everybody who begins something with it, so that two of them wait for each
other instead of standing in each other's way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from jobs import services as jobs
from jobs.models import Job
from provisioning.models import Portal
from provisioning.phases import NOT_ITS_PRESENT_JOB
from provisioning.policies import NotNow, no_new_reset
from provisioning.services import reset

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def again(job: Job, user: User) -> Job:
    """Restart a job of a portal, with the same values.

    Whether it may be begun anew is asked where the new one begins (`policies.require_new_attempt`).
    Raises NotRestartable, AlreadyActive.
    """
    if not Portal.objects.select_for_update().filter(pk=job.inputs["portal_id"]):
        raise jobs.NotRestartable(NOT_ITS_PRESENT_JOB)  # removed since
    return jobs.restart(job_id=job.id, requested_by=user)


def reset_again(job: Job, user: User) -> Job:
    """Go on with a reset that failed: the person's rights are asked for anew, like for the first time.

    Raises NotRestartable, AlreadyActive, jobs.errors.Blocked and Transient.
    """
    portal_id = UUID(job.inputs["portal_id"])
    portal = Portal.objects.filter(pk=portal_id).first()
    if sentence := no_new_reset(portal, job.id) if portal else NOT_ITS_PRESENT_JOB:
        raise jobs.NotRestartable(sentence)
    try:
        return reset.submit(portal_id=portal_id, user=user)
    except NotNow as error:
        raise jobs.NotRestartable(str(error)) from error

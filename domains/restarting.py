"""Which jobs of custom domains may be begun anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from django.utils.translation import gettext

from domains.models import CustomDomain
from domains.workflows.bind import GONE
from jobs.models import Job
from provisioning.models import Portal
from provisioning.phases import Packages, Phase, why_no_updates


def why_not(jobs: Collection[Job]) -> Mapping[UUID, str]:
    """Those of these jobs that may not be begun anew now, with the sentence; two queries."""
    present = set(CustomDomain.objects.filter(job__in=jobs).values_list("job_id", flat=True))
    portals = {
        str(portal.id): portal
        for portal in Portal.objects.filter(pk__in={UUID(job.inputs["portal_id"]) for job in jobs})
    }
    found = {}
    for job in jobs:
        portal = portals.get(job.inputs["portal_id"])
        if job.id not in present or portal is None:
            found[job.id] = gettext(GONE)
        elif sentence := why_no_updates(Phase(portal.phase), Packages(portal.packages)):
            found[job.id] = gettext(sentence)
    return found

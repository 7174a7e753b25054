"""Giving a custom domain up: the edge stops serving it, and the host name is free for another portal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.words import N_
from domains.edge.probe import EdgeUnavailable, probe
from domains.models import CustomDomain, DanglingRecord
from domains.states import DomainState
from domains.workflows import dangling
from domains.workflows.bind import (
    EDGE_KNOWS_WITHIN,
    GONE,
    LOOK_EVERY,
    RESOURCE,
    binding_key,
    release,
)
from jobs import services as jobs
from jobs.context import StepContext
from jobs.errors import NotYet
from jobs.models import Job, Resource
from jobs.registry import Effect, Kind, OnRestart, Planned, Step
from jobs.services import NotRestartable
from jobs.states import ACTIVE, JobState
from provisioning.models import Portal
from provisioning.teardown import Teardown
from provisioning.workflows.provision import may_manage, subject

KIND = "unbind-domain"
# What people call the resource of this room; `jobs.history` shows it.
RESOURCES = {RESOURCE: N_("Custom domain at the edge")}


def _withdraw(context: StepContext) -> Mapping[str, Any]:
    CustomDomain.objects.filter(pk=context.inputs["domain_id"]).update(
        published_at=None, state=DomainState.REMOVING
    )
    return {}


def _see(context: StepContext) -> Mapping[str, Any]:
    """The edge shows no certificate for the host any more. One that is away shows none either."""
    host = context.inputs["hostname"]
    end = time.monotonic() + EDGE_KNOWS_WITHIN
    while True:
        context.check()
        try:
            served = probe(settings.EDGE_ADDRESS, host).fingerprint
        except EdgeUnavailable:
            break
        if served is None:
            break
        if time.monotonic() > end:
            raise EdgeUnavailable(f"The edge still serves {host}.", code="edge_still_serves")
        time.sleep(LOOK_EVERY)
    return {}


def _forget(context: StepContext) -> Mapping[str, Any]:
    with transaction.atomic():
        domain = CustomDomain.objects.filter(pk=context.inputs["domain_id"], published_at=None).first()
        if domain is not None:
            dangling.give_up(domain, target=context.inputs["expected"])
    release(portal_id=context.inputs["portal_id"], hostname=context.inputs["hostname"])
    return {}


def _look(context: StepContext) -> Mapping[str, Any]:
    """A record that leads to a place where nobody answers is an invitation to somebody else."""
    row = DanglingRecord.objects.filter(
        portal_id=context.inputs["portal_id"], hostname=context.inputs["hostname"]
    ).first()
    if row is None:
        return {"dangling": False}
    verdict, now = dangling.look(row), timezone.now()
    with context.owned():
        return {"dangling": dangling.keep(row, verdict, at=now)}


def _begun(job: Job) -> None:
    Portal.objects.select_for_update().get(pk=job.inputs["portal_id"])
    rows = CustomDomain.objects.filter(pk=job.inputs["domain_id"])
    if job.restart_of_id is not None:
        rows = rows.filter(job_id=job.restart_of_id)
    if not rows.update(job=job, state=DomainState.REMOVING):
        raise NotRestartable(GONE)


def _settled(job: Job) -> None:
    if job.state != JobState.SUCCEEDED:
        CustomDomain.objects.filter(pk=job.inputs["domain_id"], job=job).update(state=DomainState.FAILED)


_STEPS = (
    Step("withdraw", "Take the host name from the edge", _withdraw, Effect.DATABASE_ONLY, OnRestart.VERIFY),
    Step(
        "see",
        "See that the edge does not serve it any more",
        _see,
        Effect.IDEMPOTENT,
        OnRestart.VERIFY,
        limit=60.0,
    ),
    Step("forget", "Give the host name up", _forget, Effect.DATABASE_ONLY),
    Step("look", "See where DNS leads the host name now", _look, Effect.IDEMPOTENT, limit=60.0),
)

UNBIND = Kind(
    name=KIND,
    version=1,
    title="Remove custom domain",
    steps=_STEPS,
    plan=lambda inputs: [Planned(step.name) for step in _STEPS],
    may_see=may_manage,
    may_act=may_manage,
    subject=subject,
    on_begun=_begun,
    on_settled=_settled,
)


def inputs(*, portal: Portal, domain: CustomDomain) -> dict[str, Any]:
    """What such a job is asked with."""
    return {
        "portal_id": str(portal.id),
        "instance_id": str(portal.instance_id),
        "domain_id": str(domain.id),
        "hostname": domain.hostname,
        "expected": portal.host,
    }


def _undo(context: StepContext, resource: Resource) -> None:
    """A reset takes the custom domain with it, and stops a job that is at it."""
    portal_id = context.inputs["portal_id"]
    with context.owned():  # else the job and the domain may be of a later configuration
        stopped = _stopped(portal_id)
        row = _given_up(portal_id, resource.name) if stopped else None
    # Only now, so that what asks the job to stop is not rolled back.
    if not stopped:
        raise NotYet(1.0, note="The binding of the custom domain is being stopped.")
    if row is None:
        return
    # What is not seen now, the daily look sees.
    verdict, now = dangling.look(row), timezone.now()
    with context.owned():
        dangling.keep(row, verdict, at=now)


def _given_up(portal_id: str, hostname: str) -> DanglingRecord | None:
    """Edges serve rows; without it they stop within a second."""
    rows = CustomDomain.objects.select_related("portal")
    domain = rows.filter(portal_id=portal_id, hostname=hostname).first()
    return None if domain is None else dangling.give_up(domain, target=domain.portal.host)


def _stopped(portal_id: str) -> bool:
    """Asks the job that binds or unbinds to stop: whether none is at work any more."""
    job = Job.objects.filter(exclusive_key=binding_key(portal_id), state__in=ACTIVE).first()
    if job is None:
        return True
    try:
        return jobs.cancel(job_id=job.id, requested_by=None) is not JobState.CANCELLING
    except jobs.NotCancellable:
        return True


TEARDOWN = Teardown(RESOURCE, "Take the custom domain from the edge", 10, _undo)

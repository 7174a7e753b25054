"""Binding a custom domain: DNS leads here, the certificate is at the edge, and the edge was seen to serve both.

Nothing that is served is taken away before the new one was seen; when that fails, what was served before is put back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.words import N_
from domains.dns.verdicts import Verdict
from domains.edge.probe import EdgeUnavailable, probe
from domains.models import Certificate, CustomDomain
from domains.states import DomainState
from domains.workflows import evidence
from jobs import ledger
from jobs.context import StepContext
from jobs.errors import NotYet, Permanent
from jobs.models import Job, JobStep, Resource
from jobs.registry import Effect, Kind, OnRestart, Planned, Step
from jobs.services import NotRestartable
from jobs.states import JobState, StepState
from provisioning.models import Portal, portal_key
from provisioning.policies import NotNow, require_updatable
from provisioning.workflows.provision import may_manage, subject

KIND = "bind-domain"
# Of the ledger: what a reset takes down.
RESOURCE = "custom-domain"

# The record may come yet. The other faults are somebody's mistake, which no waiting mends.
WAITS_FOR = frozenset({Verdict.MISSING, Verdict.PROPAGATING, Verdict.DNS_UNAVAILABLE})
WAITS_AT_MOST = timedelta(days=3)
# Seconds until the next look, by the age of the job: the first minutes are those in which somebody sits before it.
_PAUSES = ((timedelta(minutes=10), 5.0), (timedelta(hours=6), 60.0), (timedelta.max, 300.0))

# Seconds in which an edge has heard of a change, and between two looks at it.
EDGE_KNOWS_WITHIN = 10.0
LOOK_EVERY = 0.1

GONE = N_("This custom domain was removed or changed since, so this attempt is of the past.")


def binding_key(portal_id: UUID | str) -> str:
    """The exclusive key of the jobs that bind or unbind: one at a time for a portal, beside its other jobs, since
    waiting for DNS must not keep anybody from anything else.
    """
    return f"domain:{portal_id}"


def release(*, portal_id: UUID | str, hostname: str) -> None:
    """Write down that there is nothing of the host name that a reset would have to take down."""
    for row in ledger.held(exclusive_key=portal_key(portal_id)):
        if row.kind == RESOURCE and row.name == hostname:
            ledger.released(row)


def _domain(context: StepContext) -> CustomDomain:
    row = CustomDomain.objects.filter(
        pk=context.inputs["domain_id"], hostname=context.inputs["hostname"]
    ).first()
    if row is None:
        raise Permanent(GONE, code="domain_gone")
    return row


def _verify(context: StepContext) -> Mapping[str, Any]:
    domain = _domain(context)
    job = Job.objects.get(pk=context.job_id)
    about: dict[str, Any] = {
        "host": domain.hostname,
        "expected": context.inputs["expected"],
        "portal_id": domain.portal_id,
    }
    finding = evidence.look(**about)
    now = timezone.now()
    with context.owned():  # else it may have been looked at since, for a later job
        evidence.keep(domain.pk, finding, at=now, **about)
    verdict, wait = finding.judgement.verdict, finding.judgement.wait
    if verdict is Verdict.VERIFIED:
        return {"verdict": verdict.value}
    said = evidence.sentence(finding, **about)
    if verdict in WAITS_FOR and now - job.created_at < WAITS_AT_MOST:
        raise NotYet(pause(now - job.created_at, wait), note=said)
    raise Permanent(said, code=verdict.value)


def pause(age: timedelta, wait: int | None) -> float:
    """Seconds until DNS is asked again; sooner, if it should be different sooner."""
    usual = next(seconds for limit, seconds in _PAUSES if age < limit)
    return usual if wait is None else max(2.0, min(usual, float(wait)))


def _publish(context: StepContext) -> Mapping[str, Any]:
    """From this commit on every edge serves the new certificate, within a second.

    The checkpoint is of this transaction, too, so a worker that overslept its lease leaves nothing of it. The ledger
    gets the key of the portal, whose reset takes the domain down, and not that of this job.
    """
    domain = _domain(context)
    certificate = Certificate.objects.filter(pk=context.inputs["certificate_id"]).first()
    if certificate is None:
        raise Permanent("The certificate was deleted since.", code="certificate_gone")
    if certificate.ends_at <= timezone.now():
        raise Permanent("The certificate has expired since.", code="expired")
    resource = ledger.plan(
        job_id=context.job_id,
        exclusive_key=portal_key(domain.portal_id),
        kind=RESOURCE,
        name=domain.hostname,
        scope=Resource.Scope.HOSTED,
    )
    CustomDomain.objects.filter(pk=domain.pk).update(
        certificate=certificate,
        published_at=domain.published_at or timezone.now(),
        state=DomainState.PUBLISHING,
    )
    ledger.made(resource, external_id=domain.hostname)
    return {"previous": str(domain.certificate_id) if domain.published_at else None}


def _probe(context: StepContext) -> Mapping[str, Any]:
    """Looks at our own edge until it serves this certificate, and this portal behind it."""
    host, portal_id = context.inputs["hostname"], UUID(context.inputs["portal_id"])
    end = time.monotonic() + EDGE_KNOWS_WITHIN
    while True:
        context.check()
        seen = probe(settings.EDGE_ADDRESS, host)
        if seen.fingerprint == context.inputs["fingerprint"] and seen.portal_id == portal_id:
            return {"fingerprint": seen.fingerprint}
        if time.monotonic() > end:
            break
        time.sleep(LOOK_EVERY)
    if seen.fingerprint is None:
        raise EdgeUnavailable(f"The edge has no certificate for {host} yet.", code="edge_no_certificate")
    if seen.fingerprint != context.inputs["fingerprint"]:
        raise EdgeUnavailable(
            f"The edge serves another certificate for {host}.", code="edge_other_certificate"
        )
    raise EdgeUnavailable(f"Another portal, or none, answers at {host}.", code="edge_other_portal")


def _begun(job: Job) -> None:
    portal = Portal.objects.select_for_update().get(pk=job.inputs["portal_id"])
    try:
        require_updatable(portal)
    except NotNow as error:
        raise NotRestartable(str(error)) from error
    state = DomainState.PUBLISHING if job.inputs["renewal"] else DomainState.VERIFYING
    rows = CustomDomain.objects.filter(pk=job.inputs["domain_id"], hostname=job.inputs["hostname"])
    if job.restart_of_id is not None:
        rows = rows.filter(job_id=job.restart_of_id)
    if not rows.update(job=job, state=state, next_certificate=job.inputs["certificate_id"]):
        raise NotRestartable(GONE)


def _settled(job: Job) -> None:
    rows = CustomDomain.objects.filter(pk=job.inputs["domain_id"], job=job)
    if job.state == JobState.SUCCEEDED:
        rows.update(state=DomainState.BOUND, bound_at=timezone.now(), next_certificate=None)
        return
    rows.update(state=DomainState.FAILED)
    published = JobStep.objects.filter(job=job, name="publish", state=StepState.DONE).first()
    if published is None:
        return
    # What was served before is served again; the new one waits for a restart.
    if previous := published.output.get("previous"):
        rows.update(certificate=previous)
    else:
        rows.update(published_at=None)


_STEPS = (
    Step(
        "verify-dns",
        "Check that DNS leads the host name to the portal",
        _verify,
        Effect.IDEMPOTENT,
        OnRestart.VERIFY,
        ("hostname",),
        limit=60.0,
    ),
    Step(
        "publish",
        "Put the certificate at the edge",
        _publish,
        Effect.DATABASE_ONLY,
        OnRestart.VERIFY,
        ("hostname", "certificate_id"),
    ),
    Step(
        "probe",
        "See that the edge serves the certificate and the portal",
        _probe,
        Effect.IDEMPOTENT,
        OnRestart.VERIFY,
        ("hostname", "certificate_id"),
        limit=60.0,
    ),
)


def _plan(inputs: Mapping[str, Any]) -> Sequence[Planned]:
    """A renewal does not ask DNS: whether the host leads here has nothing to do with its certificate's end."""
    return [Planned(step.name) for step in _STEPS if step.name != "verify-dns" or not inputs["renewal"]]


BIND = Kind(
    name=KIND,
    version=1,
    title="Create SSL binding",
    steps=_STEPS,
    plan=_plan,
    may_see=may_manage,
    may_act=may_manage,
    subject=subject,
    on_begun=_begun,
    on_settled=_settled,
)


def inputs(*, portal: Portal, domain: CustomDomain, certificate: Certificate) -> dict[str, Any]:
    """What such a job is asked with."""
    return {
        "portal_id": str(portal.id),
        "instance_id": str(portal.instance_id),
        "domain_id": str(domain.id),
        "hostname": domain.hostname,
        "expected": portal.host,
        "certificate_id": str(certificate.id),
        "fingerprint": certificate.fingerprint,
        "renewal": domain.published_at is not None,
    }

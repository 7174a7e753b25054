"""Asking for the binding of a custom domain, for its removal, and for the certificate to be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import audit, limits
from accounts.words import N_, Refusal
from domains import hostnames
from domains.dns import verdicts
from domains.dns.verdicts import Verdict
from domains.models import Certificate, CustomDomain
from domains.services import claims, deadlocks
from domains.workflows import bind as bind_workflow
from domains.workflows import dangling, evidence
from domains.workflows import unbind as unbind_workflow
from domains.workflows.bind import binding_key
from jobs import ledger
from jobs import services as jobs
from jobs.models import Job, Resource
from jobs.services import AlreadyActive
from jobs.states import ACTIVE, JobState
from provisioning import trail
from provisioning.models import Portal, PortalType, portal_key
from provisioning.policies import require_updatable

if TYPE_CHECKING:
    from accounts.models import User

SENTENCES = {
    "trial": N_("A trial portal cannot have a custom domain. It needs a production subscription."),
    "one_domain_only": N_(
        "You can only have one custom domain name for a portal; this one has %(host)s. Remove that one first."
    ),
    "hostname_taken": N_("%(host)s belongs to another portal of this installation."),
    "hostname_unproven": N_(
        "Another portal asked for %(host)s first, and not all name servers show yet that it leads to this one. Try "
        "again in some minutes."
    ),
    "certificate_foreign": N_("This certificate belongs to another organization."),
    "certificate_gone": N_("This certificate is not there any more. Choose another one."),
    "certificate_expired": N_("This certificate has expired. Choose another one."),
    "host_mismatch": N_("The certificate does not cover %(host)s. It is for: %(names)s."),
    "nothing_bound": N_("This portal has no custom domain."),
}
PROOFS = 6  # looks at DNS a minute and person, each of which may take a request some seconds
# Names of a certificate that a sentence tells.
SOME_NAMES = 5


class BindingRefused(Refusal):
    """One sentence that says why not; `code` is one of SENTENCES, or a verdict on DNS."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(SENTENCES.get(code) or verdicts.SENTENCES[Verdict(code)], **values)
        self.code = code


@audit.attempted(audit.Verb.BIND_DOMAIN)
@deadlocks.again
def bind(*, portal_id: UUID, hostname: str, certificate_id: UUID, user: User | None) -> Job:
    """Begin to bind the host name to the portal with that certificate, or to change the certificate of the one that is
    bound. Everything is checked before anything is written. `hostname` is as `hostnames.host_name` gives it. Where
    another portal asked for it in vain, DNS decides, which takes some seconds.

    Raises BindingRefused, NotNow (the portal's phase forbids it), AlreadyActive (another job is at it).
    """
    try:
        return _bind(portal_id, hostname, certificate_id, user, is_proven=False)
    except claims.Unproven:
        _require_proof(portal_id, hostname, user)
    return _bind(portal_id, hostname, certificate_id, user, is_proven=True)


def _require_proof(portal_id: UUID, hostname: str, user: User | None) -> None:
    if user is not None and not limits.allow(person=user.pk, action="prove-host", per_minute=PROOFS):
        raise BindingRefused("hostname_unproven", host=hostnames.shown(hostname))
    portal = Portal.objects.get(pk=portal_id)
    finding = evidence.look(host=hostname, expected=portal.host, portal_id=portal_id)
    verdict = finding.judgement.verdict
    if verdict is Verdict.VERIFIED:
        return
    code = verdict.value if verdict in evidence.FAILING else "hostname_unproven"
    about = evidence.values(
        finding, host=hostnames.shown(hostname), expected=portal.host, portal_id=portal_id
    )
    raise BindingRefused(code, **about)


def _bind(portal_id: UUID, hostname: str, certificate_id: UUID, user: User | None, *, is_proven: bool) -> Job:
    """`is_proven`: DNS was seen to lead the host name to this portal. Raises claims.Unproven."""
    try:
        with transaction.atomic():
            certificate = _held(certificate_id)
            portal = claims.lock(portal_id=portal_id, hostname=hostname)
            _require(portal, certificate, hostname)
            before = CustomDomain.objects.select_related("certificate").filter(portal=portal).first()
            if not claims.take_over(portal=portal, hostname=hostname, is_proven=is_proven, user=user):
                raise BindingRefused("hostname_taken", host=hostnames.shown(hostname))
            domain = _claim(portal, hostname, certificate, user)
            dangling.forget(portal_id=portal.id, hostname=hostname)
            job = jobs.enqueue(
                kind=bind_workflow.KIND,
                inputs=bind_workflow.inputs(portal=portal, domain=domain, certificate=certificate),
                exclusive_key=binding_key(portal.id),
                requested_by=user,
            )
            # Before anything is made, so that a reset that comes meanwhile finds it.
            ledger.plan(
                job_id=job.id,
                exclusive_key=portal_key(portal.id),
                kind=bind_workflow.RESOURCE,
                name=hostname,
                scope=Resource.Scope.HOSTED,
            )
            audit.record(
                audit.Verb.BIND_DOMAIN,
                subject=trail.subject(portal),
                by=user,
                before=_facts(before) if before else None,
                after={"hostname": hostname, "certificate": certificate.thumbprint},
            )
            return job
    except IntegrityError as error:
        if "domains_customdomain_hostname" in str(error):
            raise BindingRefused("hostname_taken", host=hostnames.shown(hostname)) from error
        raise


def _held(certificate_id: UUID) -> Certificate:
    """The certificate, which nobody deletes until this transaction is over. Before the portal: see `keeping`."""
    row = Certificate.objects.select_for_update(no_key=True).filter(pk=certificate_id).first()
    if row is None:
        raise BindingRefused("certificate_gone")
    return row


def _require(portal: Portal, certificate: Certificate, hostname: str) -> None:
    if portal.type != PortalType.PRODUCTION:
        raise BindingRefused("trial")
    require_updatable(portal)
    if certificate.instance_id != portal.instance_id:
        raise BindingRefused("certificate_foreign")
    if certificate.ends_at <= timezone.now():
        raise BindingRefused("certificate_expired")
    if not hostnames.covered(certificate.names, hostname):
        raise BindingRefused(
            "host_mismatch",
            host=hostnames.shown(hostname),
            names=", ".join(hostnames.shown(name) for name in certificate.names[:SOME_NAMES]),
        )


def _claim(portal: Portal, hostname: str, certificate: Certificate, user: User | None) -> CustomDomain:
    """The portal's row for that host name: the one that is there, or a new one."""
    domain = CustomDomain.objects.filter(portal=portal).first()
    if domain is not None and domain.hostname != hostname:
        if domain.published_at is not None:
            raise BindingRefused("one_domain_only", host=hostnames.shown(domain.hostname))
        _require_free(portal)
        _give_up(domain)
        domain = None
    if domain is None:
        return CustomDomain.objects.create(
            portal=portal, hostname=hostname, certificate=certificate, created_by=user
        )
    _require_free(portal)
    if domain.published_at is None:
        CustomDomain.objects.filter(pk=domain.pk).update(certificate=certificate)
    return domain


def _give_up(domain: CustomDomain) -> None:
    """A host name that never was served, or is not any more, is chosen anew."""
    bind_workflow.release(portal_id=domain.portal_id, hostname=domain.hostname)
    # DNS may lead the host here already, or still when only its removal failed.
    dangling.give_up(domain, target=domain.portal.host)


def _require_free(portal: Portal) -> None:
    active = (
        Job.objects.filter(exclusive_key=binding_key(portal.id), state__in=ACTIVE)
        .select_related("requested_by")
        .first()
    )
    if active is not None:
        raise AlreadyActive(active)


@audit.attempted(audit.Verb.REMOVE_DOMAIN)
@deadlocks.again
def unbind(*, portal_id: UUID, user: User | None, domain_id: UUID | None = None) -> Job:
    """Begin to give the portal's custom domain up. A binding that is under way is stopped first. `domain_id`: this
    one and no other, which the portal may have by now.

    Raises BindingRefused, NotNow, AlreadyActive (it is being removed already, or a step of the binding is still at
    work: it was asked to stop, and in a moment it has).
    """
    with transaction.atomic():
        portal = Portal.objects.select_for_update(of=("self",)).get(pk=portal_id)
        require_updatable(portal)
        domain = CustomDomain.objects.filter(portal=portal).select_related("job", "certificate").first()
        if domain is None or domain_id not in {None, domain.pk}:
            raise BindingRefused("nothing_bound")
        stopping = _stop(domain.job, user)
        if stopping is None:
            job = jobs.enqueue(
                kind=unbind_workflow.KIND,
                inputs=unbind_workflow.inputs(portal=portal, domain=domain),
                exclusive_key=binding_key(portal.id),
                requested_by=user,
            )
            audit.record(
                audit.Verb.REMOVE_DOMAIN, subject=trail.subject(portal), by=user, before=_facts(domain)
            )
            return job
    # Only now, so that what asks the binding to stop is not rolled back.
    raise AlreadyActive(stopping)


def _stop(job: Job | None, user: User | None) -> Job | None:
    """Stops the binding that is under way; the job when a worker has to end it first."""
    if job is None or job.state not in ACTIVE or job.kind != bind_workflow.KIND:
        return None
    try:
        state = jobs.cancel(job_id=job.id, requested_by=user)
    except jobs.NotCancellable:  # it has just ended
        return None
    return job if state is JobState.CANCELLING else None


def _facts(domain: CustomDomain) -> dict[str, str]:
    """What the trail tells of a domain: its host name, and the certificate that is served."""
    return {"hostname": domain.hostname, "certificate": domain.certificate.thumbprint}

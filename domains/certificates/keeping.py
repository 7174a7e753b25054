"""Taking a certificate in, replacing it by its renewal, deleting it. Each is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts import audit, limits
from accounts.audit import Verb
from accounts.words import N_, Refusal
from domains import hostnames
from domains.certificates import trust
from domains.certificates.judging import Judged, judge
from domains.certificates.opening import open_pfx
from domains.certificates.refusals import FileRefused
from domains.models import Certificate, CustomDomain
from jobs.models import Job
from jobs.states import ACTIVE
from organizations.models import Instance

if TYPE_CHECKING:
    from accounts.models import User

OPENINGS = 30  # a minute and person: guessing passwords takes longer than it is worth


class StillUsed(Refusal):
    """The certificate is bound; `domains` says where."""

    code = "in_use"

    def __init__(self, domains: Sequence[CustomDomain]) -> None:
        super().__init__(
            N_(
                "This certificate is in use by %(hosts)s. Bind another certificate there first, or remove the domain."
            ),
            hosts=", ".join(domain.hostname for domain in domains),
        )
        self.domains = domains


class NoRenewal(Refusal):
    """The new certificate cannot take the place of the old one."""

    def __init__(self, code: str, template: str, **values: object) -> None:
        super().__init__(template, **values)
        self.code = code


@dataclass(frozen=True)
class Kept:
    """`is_new` is False when the organization had it already; `is_better`: it came with a better chain now."""

    certificate: Certificate
    is_new: bool
    is_better: bool = False


@sensitive_variables()
def read(*, data: bytes, password: str, user: User) -> Judged:
    """Open an uploaded file and judge what is in it; nothing is kept. Some seconds at most.

    Raises refusals.FileRefused, verdicts.CertificateRefused.
    """
    if not limits.allow(person=user.pk, action="open-certificate", per_minute=OPENINGS):
        raise FileRefused("too_many_attempts")
    return judge(open_pfx(data, password), roots=trust.roots(), now=timezone.now())


@transaction.atomic
def keep(*, instance: Instance, judged: Judged, user: User) -> Kept:
    """Take a certificate in for the organization. The same one again is the same row, perhaps with a better chain."""
    # Two uploads of one file at the same moment: the second one waits here and finds the first one's row.
    _lock(instance.pk)
    known = Certificate.objects.select_for_update(no_key=True).filter(
        instance=instance, fingerprint=judged.fingerprint
    )
    if row := known.first():
        better = _take_chain(row, judged)
        result = audit.Result.DONE if better else audit.Result.UNCHANGED
        audit.record(Verb.ADD_CERTIFICATE, subject=subject(row), by=user, result=result)
        return Kept(row, is_new=False, is_better=better)
    row = Certificate(
        instance=instance,
        subject=judged.subject,
        names=judged.names,
        issuer=judged.issuer,
        serial=judged.serial,
        not_before=judged.not_before,
        not_after=judged.not_after,
        ends_at=judged.ends_at,
        fingerprint=judged.fingerprint,
        thumbprint=judged.thumbprint,
        chain=judged.chain,
        is_trusted=judged.is_trusted,
        warnings=[asdict(remark) for remark in judged.warnings],
        created_by=user,
    )
    row.seal_key(judged.key)
    row.save(force_insert=True)
    audit.record(Verb.ADD_CERTIFICATE, subject=subject(row), by=user, after=_facts(row))
    return Kept(row, is_new=True)


def _lock(instance_id: UUID) -> None:
    """Everybody locks in this order, or two would wait for each other: the organization, its certificate, a portal.

    Only deleting takes the key of the row (FOR UPDATE), for which whoever refers to it must wait.
    """
    Instance.objects.select_for_update(no_key=True).get(pk=instance_id)


def subject(row: Certificate) -> audit.Subject:
    """What the audit trail calls it."""
    return audit.Subject("certificate", str(row.pk), row.subject, ("instance", str(row.instance_id)))


def _facts(row: Certificate) -> dict[str, str]:
    """What tells it from others; nothing of its key."""
    return {
        "thumbprint": row.thumbprint,
        "names": ", ".join(row.names[:10]),
        "ends": row.not_after.isoformat(),
    }


def _take_chain(row: Certificate, judged: Judged) -> bool:
    """A file with more of the chain than the last one; one with less changes nothing."""
    if judged.chain == row.chain or len(judged.chain) < len(row.chain):
        return False
    row.chain, row.ends_at, row.is_trusted = judged.chain, judged.ends_at, judged.is_trusted
    row.warnings = [asdict(remark) for remark in judged.warnings]
    row.revision += 1
    row.save(update_fields=["chain", "ends_at", "is_trusted", "warnings", "revision"])
    return True


@audit.attempted(Verb.REPLACE_CERTIFICATE)
@transaction.atomic
def replace(*, certificate_id: UUID, judged: Judged, user: User) -> tuple[Kept, list[CustomDomain]]:
    """Take a renewal in; also the domains that have to go over to it, which the caller asks for.

    Raises NoRenewal when it is the same certificate, ends earlier, or does not cover a host that is bound or is being
    bound; Certificate.DoesNotExist.
    """
    _lock(Certificate.objects.values_list("instance_id", flat=True).get(pk=certificate_id))
    rows = Certificate.objects.select_for_update(of=("self",), no_key=True).select_related("instance")
    old = rows.get(pk=certificate_id)
    if old.fingerprint == judged.fingerprint:
        raise NoRenewal("same_certificate", N_("This is the same certificate. Upload its renewal."))
    if judged.not_after <= old.not_after:
        raise NoRenewal(
            "ends_earlier",
            N_("This certificate ends on %(day)s, not later than the one that it is to replace."),
            day=f"{judged.not_after:%Y-%m-%d}",
        )
    served = CustomDomain.objects.filter(Q(certificate=old) | Q(next_certificate=old))
    domains = list(served.select_related("portal", "job").order_by("hostname"))
    if uncovered := [d.hostname for d in domains if not hostnames.covered(judged.names, d.hostname)]:
        raise NoRenewal(
            "host_mismatch",
            N_("This certificate does not cover %(hosts)s, which the one that it is to replace serves."),
            hosts=", ".join(uncovered),
        )
    kept = keep(instance=old.instance, judged=judged, user=user)
    old.replaced_by = kept.certificate
    old.save(update_fields=["replaced_by"])
    audit.record(
        Verb.REPLACE_CERTIFICATE,
        subject=subject(old),
        by=user,
        before=_facts(old),
        after=_facts(kept.certificate),
    )
    return kept, domains


def _using(row: Certificate) -> QuerySet[CustomDomain]:
    """Domains that it serves, is to serve, or served until a job put another in its place, which may still fail."""
    in_place = Q(certificate=row) | Q(next_certificate=row)
    of_before = Job.objects.filter(
        state__in=ACTIVE, steps__name="publish", steps__output__previous=str(row.pk)
    )
    return CustomDomain.objects.filter(in_place | Q(job__in=of_before))


@audit.attempted(Verb.DELETE_CERTIFICATE)
@transaction.atomic
def delete(*, certificate_id: UUID, user: User) -> None:
    """Remove a certificate and its key. Raises StillUsed, Certificate.DoesNotExist."""
    row = Certificate.objects.select_for_update().get(pk=certificate_id)
    if used := list(_using(row).order_by("hostname")):
        raise StillUsed(used)
    audit.record(Verb.DELETE_CERTIFICATE, subject=subject(row), by=user, before=_facts(row))
    row.delete()

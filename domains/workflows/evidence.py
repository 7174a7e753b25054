"""What DNS said of a custom domain, written down where its page reads it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from domains.dns.check import check, evidence
from domains.dns.lookup import Finding
from domains.dns.verdicts import SENTENCES, Verdict, proof_name, proof_text
from domains.models import CustomDomain

# The record is not there or wrong. Silence is no such verdict, and neither is a change that is on its way.
FAILING = frozenset(Verdict) - {Verdict.VERIFIED, Verdict.PROPAGATING, Verdict.DNS_UNAVAILABLE}


def look(*, host: str, expected: str, portal_id: UUID) -> Finding:
    """Asks DNS. Some seconds at most; not inside a transaction."""
    return check(host, expected=expected, portal_id=portal_id)


def keep(
    domain_id: UUID, finding: Finding, *, host: str, expected: str, portal_id: UUID, at: datetime
) -> bool:
    """Writes down what was found at that time: whether it is news, and the domain was not looked at since."""
    kept = evidence(finding, host=host, expected=expected, portal_id=portal_id, at=at)
    rows = CustomDomain.objects.filter(pk=domain_id).exclude(checked_at__gt=at)
    verdict = finding.judgement.verdict
    if verdict is Verdict.VERIFIED:
        written = rows.update(evidence=kept, checked_at=at, verified_at=at, failing_since=None)
    elif verdict in FAILING:
        since = Coalesce(F("failing_since"), Value(at))
        written = rows.update(evidence=kept, checked_at=at, failing_since=since)
    else:
        written = rows.update(evidence=kept, checked_at=at)
    return bool(written)


def sentence(finding: Finding, *, host: str, expected: str, portal_id: UUID) -> str:
    """The verdict in one sentence, in English; `domains.dns.verdicts.SENTENCES` for other languages."""
    return SENTENCES[finding.judgement.verdict] % values(
        finding, host=host, expected=expected, portal_id=portal_id
    )


def values(finding: Finding, *, host: str, expected: str, portal_id: UUID) -> dict[str, str]:
    """What the sentence of a verdict names."""
    return {
        "host": host,
        "expected": expected,
        "target": finding.target,
        "proof": proof_name(host),
        "token": proof_text(str(portal_id)),
    }

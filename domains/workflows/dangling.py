"""Records in DNS that lead to a portal which does not answer to their name any more.

Such a record is an invitation to whoever comes next, so its administrators are told until it is gone.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from domains.dns.verdicts import Verdict
from domains.models import CustomDomain, DanglingRecord
from domains.workflows import evidence

LEADS_HERE = frozenset({Verdict.VERIFIED, Verdict.PROPAGATING})


@transaction.atomic
def give_up(domain: CustomDomain, *, target: str) -> DanglingRecord:
    """Delete the portal's row of a host name; what DNS says of it is to be seen from here on."""
    domain.delete()
    kept, _ = DanglingRecord.objects.update_or_create(
        portal_id=domain.portal_id,
        hostname=domain.hostname,
        defaults={"target": target, "given_up_at": timezone.now(), "seen_at": None, "checked_at": None},
    )
    return kept


def look(row: DanglingRecord) -> Verdict:
    """Asks DNS. Some seconds at most; not inside a transaction."""
    return evidence.look(host=row.hostname, expected=row.target, portal_id=row.portal_id).judgement.verdict


def keep(row: DanglingRecord, verdict: Verdict, *, at: datetime) -> bool:
    """Writes down what was seen: whether it leads here still. Silence says nothing and leaves what was known."""
    rows = DanglingRecord.objects.filter(pk=row.pk, given_up_at=row.given_up_at)
    if verdict in LEADS_HERE:
        return bool(rows.update(seen_at=at, checked_at=at))
    if verdict is Verdict.DNS_UNAVAILABLE:
        rows.update(checked_at=at)
    else:
        rows.delete()
    return False


def forget(*, portal_id: UUID, hostname: str) -> None:
    """The portal takes the host name again."""
    DanglingRecord.objects.filter(portal_id=portal_id, hostname=hostname).delete()

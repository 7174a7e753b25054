"""The daily look at DNS: a custom domain that leads elsewhere for seven days is given up."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domains.dns.lookup import Finding
from domains.models import CustomDomain, DanglingRecord
from domains.services.binding import BindingRefused, unbind
from domains.workflows import dangling, evidence
from jobs.services import AlreadyActive
from provisioning.policies import NotNow

log = logging.getLogger(__name__)

GIVEN_UP_AFTER = timedelta(days=7)
# A look of today counts, so that a second round on one day asks nobody.
FRESH = timedelta(hours=12)
AT_ONCE = 16
BATCH = 200


@dataclass
class Round:
    """What came of one: how many were asked, lead elsewhere now, and were given up."""

    checked: int = 0
    failing: int = 0
    given_up: int = 0


def recheck(*, now: datetime) -> Round:
    """Look at every custom domain that is served and was not looked at lately."""
    done = Round()
    due = CustomDomain.objects.filter(published_at__isnull=False).exclude(checked_at__gt=now - FRESH)
    ids = list(due.order_by("checked_at", "pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        rows = list(CustomDomain.objects.select_related("portal").filter(pk__in=ids[start : start + BATCH]))
        # Their threads ask name servers only, never the database.
        with ThreadPoolExecutor(AT_ONCE) as pool:
            findings = list(pool.map(_look, rows))
        for row, finding in zip(rows, findings, strict=True):
            _keep(row, finding, now, done)
    return done


def recheck_dangling(*, now: datetime) -> int:
    """Look at every host name that was given up while its record led here; how many do so still."""
    due = DanglingRecord.objects.exclude(checked_at__gt=now - FRESH)
    ids = list(due.order_by("checked_at", "pk").values_list("pk", flat=True))
    still = 0
    for start in range(0, len(ids), BATCH):
        rows = list(DanglingRecord.objects.filter(pk__in=ids[start : start + BATCH]))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            verdicts = list(pool.map(dangling.look, rows))
        for row, verdict in zip(rows, verdicts, strict=True):
            still += dangling.keep(row, verdict, at=now)
    return still


def _look(row: CustomDomain) -> Finding:
    return evidence.look(host=row.hostname, expected=row.portal.host, portal_id=row.portal_id)


def _keep(row: CustomDomain, finding: Finding, now: datetime, done: Round) -> None:
    done.checked += 1
    evidence.keep(
        row.pk,
        finding,
        host=row.hostname,
        expected=row.portal.host,
        portal_id=row.portal_id,
        at=now,
    )
    if finding.judgement.verdict not in evidence.FAILING:
        return
    done.failing += 1
    if row.failing_since is not None and now - row.failing_since >= GIVEN_UP_AFTER:
        done.given_up += _give_up(row.portal_id, row.hostname)


def _give_up(portal_id: UUID, hostname: str) -> bool:
    try:
        unbind(portal_id=portal_id, user=None)
    except (BindingRefused, NotNow, AlreadyActive) as error:
        log.warning("%s leads elsewhere for days and is not given up now: %s", hostname, error)
        return False
    log.warning("%s leads elsewhere for seven days and is given up.", hostname)
    return True

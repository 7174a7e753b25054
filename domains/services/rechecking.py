"""The daily look at DNS: a custom domain that leads elsewhere for seven days is given up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from domains.dns.lookup import Finding
from domains.models import CustomDomain, DanglingRecord
from domains.services.binding import BindingRefused, unbind
from domains.workflows import dangling, evidence
from jobs.services import AlreadyActive
from provisioning.policies import NotNow

log = logging.getLogger(__name__)

Row = TypeVar("Row", CustomDomain, DanglingRecord)
Said = TypeVar("Said")

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
        rows = due.select_related("portal").filter(pk__in=ids[start : start + BATCH])
        for row, finding in _each(list(rows), _look):
            _keep(row, finding, now, done)
    return done


def recheck_dangling(*, now: datetime) -> int:
    """Look at every host name that was given up while its record led here; how many do so still."""
    due = DanglingRecord.objects.exclude(checked_at__gt=now - FRESH)
    ids = list(due.order_by("checked_at", "pk").values_list("pk", flat=True))
    still = 0
    for start in range(0, len(ids), BATCH):
        rows = due.filter(pk__in=ids[start : start + BATCH])
        for row, verdict in _each(list(rows), dangling.look):
            still += dangling.keep(row, verdict, at=now)
    return still


def _each(rows: list[Row], look: Callable[[Row], Said]) -> Iterator[tuple[Row, Said]]:
    """Each row with what DNS says of it. Their threads ask name servers only, never the database."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [(row, pool.submit(look, row)) for row in rows]
    for row, answer in asked:
        if error := answer.exception():
            # What nobody foresaw of one host keeps no other one from its look, today and every day.
            log.error("DNS of %s could not be looked at.", row, exc_info=error)
        else:
            yield row, answer.result()


def _look(row: CustomDomain) -> Finding:
    return evidence.look(host=row.hostname, expected=row.portal.host, portal_id=row.portal_id)


def _keep(row: CustomDomain, finding: Finding, now: datetime, done: Round) -> None:
    done.checked += 1
    is_news = evidence.keep(
        row.pk,
        finding,
        host=row.hostname,
        expected=row.portal.host,
        portal_id=row.portal_id,
        at=now,
    )
    if not is_news or finding.judgement.verdict not in evidence.FAILING:
        return
    done.failing += 1
    if row.failing_since is not None and now - row.failing_since >= GIVEN_UP_AFTER:
        done.given_up += _give_up(row)


def _give_up(row: CustomDomain) -> bool:
    try:
        # The round takes its time, in which the portal may have got another domain.
        unbind(portal_id=row.portal_id, domain_id=row.pk, user=None)
    except (BindingRefused, NotNow, AlreadyActive) as error:
        log.warning("%s leads elsewhere for days and is not given up now: %s", row.hostname, error)
        return False
    log.warning("%s leads elsewhere for seven days and is given up.", row.hostname)
    return True

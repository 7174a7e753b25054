"""The only way out of the trail: what is older than a time that an administrator names on the server.

The database holds that (migration 0003): it lets records go only in a transaction that says up to which moment, and
none that is younger than thirty days, whatever is said. Nothing removes records by itself.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from accounts.audit.recording import record
from accounts.audit.subjects import Subject
from accounts.audit.verbs import Verb
from accounts.models import AuditRecord

LEAST = 30  # days; the trigger has the same number
BATCH = 5000


def purge(*, older_than: timedelta, dry_run: bool = False, batch: int = BATCH) -> int:
    """Remove the records that are older, and write down that it was done; how many those are.

    Raises ValueError for less than thirty days.
    """
    if older_than < timedelta(days=LEAST):
        raise ValueError(f"Records stay for {LEAST} days at least.")
    until = timezone.now() - older_than
    old = AuditRecord.objects.filter(at__lt=until)
    if dry_run:
        return old.count()
    removed = 0
    while True:
        with transaction.atomic():
            ids = list(old.order_by("at", "id").values_list("pk", flat=True)[:batch])
            if not ids:
                return removed
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('portaladmin.audit_purge', %s, true)", [until.isoformat()])
                cursor.execute("DELETE FROM accounts_auditrecord WHERE id = ANY(%s)", [ids])
                gone = cursor.rowcount
                cursor.execute("SELECT set_config('portaladmin.audit_purge', '', true)")
            removed += gone
            record(
                Verb.PURGE_AUDIT,
                subject=Subject("audit"),
                before={"records": gone, "older_than": until.isoformat(timespec="seconds")},
            )

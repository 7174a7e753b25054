"""Questions about all jobs at once, for health pages and alarms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection

# A job that is due for so long, and nobody takes it: something is wrong with the workers or the broker.
LATE = timedelta(seconds=90)

_OLDEST_DUE = """
SELECT id, kind, clock_timestamp() - run_at FROM jobs_job AS job
WHERE state IN ('queued', 'waiting') AND run_at <= clock_timestamp()
  AND (serial_key IS NULL OR serial_held OR NOT EXISTS (
      SELECT 1 FROM jobs_job AS other
      WHERE other.serial_key = job.serial_key AND other.id <> job.id AND other.finished_at IS NULL
        AND (other.serial_held OR other.created_at < job.created_at)))
ORDER BY run_at LIMIT 1
"""


@dataclass(frozen=True)
class Due:
    """A job that could be worked on and is not."""

    job_id: UUID
    kind: str
    waits: timedelta

    @property
    def is_late(self) -> bool:
        return self.waits > LATE


def oldest_due() -> Due | None:
    """The job that has waited longest for a worker; one that waits for its turn at a serial key does not count."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST_DUE)
        row = cursor.fetchone()
    return Due(*row) if row else None

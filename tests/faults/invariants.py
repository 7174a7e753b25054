"""What must be true of the engine's tables and of the outside world whatever was done to the workers."""

from __future__ import annotations

from pathlib import Path

from django.db import connection

from jobs.queries import oldest_due

_NEVER = {
    "two active jobs on one exclusive key": """
        SELECT exclusive_key FROM jobs_job
        WHERE state IN ('queued', 'waiting', 'running', 'cancelling') AND exclusive_key IS NOT NULL
        GROUP BY 1 HAVING count(*) > 1""",
    "two holders of one serial key": """
        SELECT serial_key FROM jobs_job WHERE serial_held GROUP BY 1 HAVING count(*) > 1""",
    "a step that is not done before the cursor, or done behind it": """
        SELECT job.id, step.index FROM jobs_job AS job JOIN jobs_jobstep AS step ON step.job_id = job.id
        WHERE (step.state = 'done') <> (step.index < job.cursor)""",
    "a step that was not committed exactly once": """
        SELECT job.id, step.index, count(event.id)
        FROM jobs_job AS job JOIN jobs_jobstep AS step ON step.job_id = job.id AND NOT step.kept
        LEFT JOIN jobs_jobevent AS event
          ON event.job_id = job.id AND event.name = 'advanced' AND event.step = step.index
        GROUP BY 1, 2, step.state HAVING count(event.id) <> CASE step.state WHEN 'done' THEN 1 ELSE 0 END""",
    "a job that ended more than once, or not as its last event says": """
        SELECT job.id FROM jobs_job AS job JOIN jobs_jobevent AS event ON event.job_id = job.id
        GROUP BY job.id
        HAVING count(*) FILTER (WHERE event.state IN
            ('succeeded', 'failed', 'blocked', 'cancelled', 'quarantined'))
          <> CASE WHEN job.finished_at IS NULL THEN 0 ELSE 1 END""",
    "a fence that does not count the claims": """
        SELECT id, fence, claims FROM jobs_job WHERE fence < claims""",
}


def check(world: Path) -> None:
    """Raises AssertionError naming what does not hold."""
    with connection.cursor() as cursor:
        for what, sql in _NEVER.items():
            cursor.execute(sql)
            assert cursor.fetchall() == [], what
        cursor.execute("SELECT external_id FROM jobs_resource WHERE kind = 'thing' AND state = 'made'")
        made = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT name FROM jobs_resource WHERE kind = 'thing' AND state <> 'released'")
        written = {row[0] for row in cursor.fetchall()}
    there = {file.name.removeprefix("thing-") for file in world.glob("thing-*")}
    assert made <= there <= written, "the ledger and the outside world differ"
    due = oldest_due()
    assert due is None or not due.is_late, "a job is due and nobody takes it"

"""Where the doorbell is heard, and the night's cleaning."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task

from jobs import doorbell, retention, runner


@shared_task(name=doorbell.TASK, ignore_result=True)
def run_job(job_id: str) -> str:
    """Go on with a job if it is due; what came of it, for the worker's log."""
    return runner.run(UUID(job_id)).value


@shared_task(name="jobs.purge", ignore_result=True)
def purge() -> None:
    """Forget jobs that ended a year ago."""
    retention.purge(older_than=timedelta(days=retention.DAYS))

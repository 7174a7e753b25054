"""Where the doorbell is heard."""

from uuid import UUID

from celery import shared_task

from jobs import doorbell, runner


@shared_task(name=doorbell.TASK, ignore_result=True)
def run_job(job_id: str) -> str:
    """Go on with a job if it is due; what came of it, for the worker's log."""
    return runner.run(UUID(job_id)).value

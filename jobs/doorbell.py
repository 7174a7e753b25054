"""Tells the workers that a job is due. May be lost, late or doubled: the reconciler rings again."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

TASK = "jobs.run_job"
# With the socket time-outs of settings: a broker that is down costs under 0.1 s, one that hangs 1.5–3 s.
_RETRY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}


def ring(job_id: UUID) -> bool:
    """Publish the message; whether the broker took it. Never raises because of the broker."""
    try:
        current_app.send_task(TASK, args=[str(job_id)], retry=True, retry_policy=_RETRY)
    except (OperationalError, OSError) as error:
        log.warning(
            "Job %s waits for the reconciler, since the broker did not take the message: %s", job_id, error
        )
        return False
    return True


def ring_on_commit(job_id: UUID) -> None:
    """Ring once the present transaction is in the database."""
    transaction.on_commit(lambda: ring(job_id), robust=True)

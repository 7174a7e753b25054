"""Database work that outlives a restart of the database.

A worker that has done a step must not lose it because PostgreSQL is away for a second. What is tried again here is
guarded by the job's fence, so that trying once more can do no harm.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from jobs.heartbeat import stopping

log = logging.getLogger(__name__)

T = TypeVar("T")

AWAY = (OperationalError, InterfaceError)
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds
# A worker that is told to go has no more time than this, since it will be killed before long.
WHILE_STOPPING = 5.0


def insist(act: Callable[[], T], *, seconds: float) -> tuple[T, bool]:
    """Do it until the database answers: what came of it, and whether an earlier try may have been done as well,
    its answer lost.

    Raises OperationalError or InterfaceError after `seconds` in vain, and at once inside a transaction, since that
    is lost as a whole.
    """
    began, pause, unsure = time.monotonic(), FIRST_PAUSE, False
    while True:
        try:
            return act(), unsure
        except AWAY as error:
            if connection.in_atomic_block:
                raise
            connection.close()
            waited = time.monotonic() - began
            if waited > seconds or (stopping.is_set() and waited > WHILE_STOPPING):
                raise
            log.warning("The database is away; trying again: %s", str(error).strip())
        unsure = True
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)

"""Services that begin anew when the database ended them, so that another one whom they waited for could go on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
TRIES = 3


def again(service: Callable[P, R]) -> Callable[P, R]:
    """For services that own their transaction: nothing of a try that was ended is left, so the next one finds what
    the other did, and says so in words. Inside another transaction nothing is tried again: that one is lost.
    """

    @wraps(service)
    def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(TRIES - 1):
            try:
                return service(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not isinstance(error.__cause__, DeadlockDetected):
                    raise
                log.warning("%s begins anew after a deadlock.", service.__name__)
        return service(*args, **kwargs)

    return attempt

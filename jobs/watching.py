"""Who was let in to a job a moment ago: pages that watch it ask every second, and roles do not change every second.

This is good for one answer only, that nothing has changed since the page was shown, which tells nobody anything new.
Everything else that a page is sent is preceded by the whole check. Each process of the web server remembers its own.
"""

from __future__ import annotations

import time
from uuid import UUID

from django.db import connection

from jobs.models import Job

MOMENT = 10.0  # seconds
_MOST = 10_000

_let_in: dict[tuple[int, UUID], float] = {}


# What `presentation.seen_of` reads.
_FIELDS = "id version state created_at run_at rung_at rings claims serial_key serial_held".split()
_SELECT = """
SELECT id, version, state, created_at, run_at, rung_at, rings, claims, serial_key, serial_held
FROM jobs_job WHERE id = %s
"""


def glance(job_id: UUID) -> Job | None:
    """As much of a job as tells whether it changed; asked for so often that putting a query together would show."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, [job_id])
        row = cursor.fetchone()
    return Job(**dict(zip(_FIELDS, row, strict=True))) if row else None


def note(person: int, job_id: UUID) -> None:
    """This person (a primary key) was checked and may see the job."""
    now = time.monotonic()
    if len(_let_in) >= _MOST:
        for key in [key for key, until in _let_in.copy().items() if until <= now] or list(_let_in.copy()):
            _let_in.pop(key, None)
    _let_in[person, job_id] = now + MOMENT


def was_let_in(person: int, job_id: UUID) -> bool:
    """Whether that was within the last moment."""
    return _let_in.get((person, job_id), 0.0) > time.monotonic()


def forget() -> None:
    """Check everybody anew."""
    _let_in.clear()

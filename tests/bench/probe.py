"""A process that measures single operations of the engine on the database of its environment.

Reads `claim N` or `reconcile N` from standard input and answers with the seconds that one took.
"""

from __future__ import annotations

import sys
import time

import django


def claim(pieces: int) -> float:
    from uuid import uuid4

    from django.db import connection

    from jobs import services, transitions
    from jobs.owner import Owner
    from tests.bench import kinds, sides

    sides.mute()
    here = Owner.here()
    jobs = [
        services.enqueue(kind=kinds.KIND, inputs={}, serial_key=f"probe:{uuid4()}").id for _ in range(pieces)
    ]
    begun = time.perf_counter()
    for job_id in jobs:
        assert transitions.claim(job_id, owner=here)
    taken = time.perf_counter() - begun
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM jobs_jobstep WHERE job_id = ANY(%s)", [jobs])
        cursor.execute("DELETE FROM jobs_jobevent WHERE job_id = ANY(%s)", [jobs])
        cursor.execute("DELETE FROM jobs_job WHERE id = ANY(%s)", [jobs])
    return taken / pieces


def reconcile(pieces: int) -> float:
    from jobs import reconciler
    from tests.bench import sides

    sides.mute()
    begun = time.perf_counter()
    for _ in range(pieces):
        reconciler.reconcile()
    return (time.perf_counter() - begun) / pieces


if __name__ == "__main__":
    django.setup()
    for line in sys.stdin:
        what, count = line.split()
        print({"claim": claim, "reconcile": reconcile}[what](int(count)), flush=True)  # noqa: T201

"""`python -m tests.bench`: measures, and prints a table. A missed goal is said, and is no error."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack, closing
from importlib.util import find_spec
from pathlib import Path

import django

from tests.bench import servers
from tests.bench.table import HEADING, Bound, Ratio, interleaved, ratios

ROUNDS = 5
JOB, NO_OPS, WORKFLOWS, CALLS = 100, 1000, 100, 150
CLAIMS, PASSES = 60, 40
DBOS_THREADS = 4  # a process; fewer and more were slower or no faster


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    began = time.monotonic()
    with servers.running() as folder, ExitStack() as stack:
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        found = [*_crowded(folder / "probes.log"), *_working(stack, folder)]
        say(f"\n{HEADING}")
        for ratio in found:
            say(ratio.line())
        missed = sum(not ratio.is_met for ratio in found)
        say(
            f"\n{missed or 'No'} goal{'s' * (missed != 1)} missed; "
            f"{time.monotonic() - began:.0f} s, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}."
        )


def _crowded(log: Path) -> list[Ratio]:
    """What very many rows do to single operations."""
    from tests.bench import crowd, sides

    say(f"Making {crowd.FINISHED:,} finished jobs and {crowd.WAITING:,} that wait…")
    crowd.make()
    crowd_of = f"with {crowd.FINISHED:,} finished and {crowd.WAITING:,} waiting"
    with (
        closing(sides.Probe(crowd.url_of(crowd.CROWDED), log)) as full,
        closing(sides.Probe(crowd.url_of(crowd.EMPTY), log)) as empty,
    ):

        def compare(title: str, what: str, pieces: int) -> Ratio:
            say(f"{title}…")
            full.ask(what, pieces), empty.ask(what, pieces)
            both = interleaved(
                2 * ROUNDS + 1, lambda: full.ask(what, pieces), lambda: empty.ask(what, pieces)
            )
            return Ratio(title, ratios(*both), Bound.AT_MOST, 1.2)

        found = [
            compare(f"a claim {crowd_of}, in claims without", "claim", CLAIMS),
            compare(f"a reconciler's pass {crowd_of}, in passes without", "reconcile", PASSES),
        ]
        crowd.make_due()
        found.append(compare("a pass when all of those are due and rung for", "reconcile", PASSES))
    return found


def _working(stack: ExitStack, folder: Path) -> list[Ratio]:
    """What jobs cost from the first message to the last."""
    from tests.bench import sides

    say("Enqueueing…")
    sides.enqueues(20), sides.publishes(20)
    calls = interleaved(ROUNDS, lambda: sides.enqueues(CALLS), lambda: sides.publishes(CALLS))
    sides.start_anew()
    stack.enter_context(closing(sides.Worker(folder / "worker.log")))
    say("Jobs and no-ops through Celery…")
    sides.no_ops(50), sides.jobs_waiting(10)
    tasks = interleaved(ROUNDS, lambda: sides.jobs_waiting(JOB), lambda: sides.no_ops(NO_OPS))
    found = [
        Ratio("a job of six steps, in no-op tasks of Celery", ratios(*tasks), Bound.AT_MOST, 10),
        Ratio("writing down a job and ringing, in sent no-op tasks", ratios(*calls)),
    ]
    if find_spec("dbos") is None:
        say("DBOS is not installed here: no comparison with it.")
        return found
    say("Jobs through Celery and workflows of DBOS…")
    dbos = stack.enter_context(closing(sides.Dbos(folder / "dbos.log", threads=DBOS_THREADS)))
    dbos.workflows(8)
    whole = interleaved(ROUNDS, lambda: sides.jobs_whole(WORKFLOWS), lambda: dbos.workflows(WORKFLOWS))
    return [
        *found,
        Ratio("jobs done in the time of one DBOS workflow", ratios(*whole[::-1]), Bound.AT_LEAST, 1.5),
    ]


if __name__ == "__main__":
    main()

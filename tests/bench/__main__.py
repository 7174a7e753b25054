"""`python -m tests.bench`: measures, and prints a table. A missed goal is said, and is no error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import django

from tests.bench import servers
from tests.bench.table import HEADING, Bound, Ratio, interleaved, ratios


@dataclass(frozen=True)
class Size:
    """How much of everything; the small one shows only that all of it works."""

    rounds: int = 5
    jobs: int = 200
    no_ops: int = 2000
    calls: int = 150
    claims: int = 60
    passes: int = 40
    finished: int = 100_000
    waiting: int = 10_000


SMALL = Size(rounds=1, jobs=4, no_ops=20, calls=4, claims=4, passes=4, finished=50, waiting=20)
DBOS_THREADS = 4  # a process; fewer and more were slower or no faster


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _own(title: str, module: str, size: Size) -> list[Ratio]:
    """What a module measures in a process of its own, see there."""
    say(f"{title}…")
    words = [sys.executable, "-m", module, "--json", *["--small"] * (size is SMALL)]
    output = subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout
    return [Ratio(**{**row, "bound": row["bound"] and Bound(row["bound"])}) for row in json.loads(output)]


def main(size: Size) -> None:
    began = time.monotonic()
    pages = _own("Pages", "tests.bench.pages", size)
    pages += _own("Organizations", "tests.bench.organizations", size)
    pages += _own("The HTTPS edge", "tests.bench.edge", size)
    with servers.running() as folder, ExitStack() as stack:
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        found = [*_crowded(size, folder / "probes.log"), *_working(size, stack, folder), *pages]
        say(f"\n{HEADING}")
        for ratio in found:
            say(ratio.line())
        missed = sum(not ratio.is_met for ratio in found)
        say(
            f"\n{missed or 'No'} goal{'s' * (missed != 1)} missed; "
            f"{time.monotonic() - began:.0f} s, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}."
        )


def _crowded(size: Size, log: Path) -> list[Ratio]:
    """What very many rows do to single operations."""
    from tests.bench import crowd, sides

    say(f"Making {size.finished:,} finished jobs and {size.waiting:,} that wait…")
    crowd.make(finished=size.finished, waiting=size.waiting)
    beside = f"beside {size.finished:,} finished and {size.waiting:,} waiting jobs"
    with (
        closing(sides.Probe(crowd.url_of(crowd.CROWDED), log)) as full,
        closing(sides.Probe(crowd.url_of(crowd.EMPTY), log)) as empty,
    ):

        def compare(title: str, what: str, pieces: int, bound: Bound | None = Bound.AT_MOST) -> Ratio:
            say(f"{title}…")
            full.ask(what, pieces), empty.ask(what, pieces)
            both = interleaved(
                2 * size.rounds + 1, lambda: full.ask(what, pieces), lambda: empty.ask(what, pieces)
            )
            return Ratio(title, ratios(*both), bound, 1.2)

        found = [
            compare(f"a claim {beside}", "claim", size.claims),
            compare(f"a reconciler's pass {beside}", "reconcile", size.passes),
        ]
        crowd.make_due()
        found.append(compare("a pass when those are due and were rung for", "reconcile", size.passes, None))
    return found


def _working(size: Size, stack: ExitStack, folder: Path) -> list[Ratio]:
    """What jobs cost from the first message to the last."""
    from tests.bench import sides

    say("Enqueueing…")
    sides.enqueues(20), sides.publishes(20)
    calls = interleaved(size.rounds, lambda: sides.enqueues(size.calls), lambda: sides.publishes(size.calls))
    sides.start_anew()
    stack.enter_context(closing(sides.Worker(folder / "worker.log")))
    say("Jobs and no-ops through Celery…")
    sides.no_ops(50), sides.jobs_waiting(10)
    tasks = interleaved(size.rounds, lambda: sides.jobs_waiting(size.jobs), lambda: sides.no_ops(size.no_ops))
    found = [
        Ratio("a job of six steps, in no-op tasks of Celery", ratios(*tasks), Bound.AT_MOST, 10),
        Ratio("writing down a job and ringing, in no-op tasks sent", ratios(*calls)),
    ]
    if find_spec("dbos") is None:
        say("DBOS is not installed here: no comparison with it.")
        return found
    say("Jobs through Celery and workflows of DBOS…")
    dbos = stack.enter_context(closing(sides.Dbos(folder / "dbos.log", threads=DBOS_THREADS)))
    dbos.workflows(8)
    whole = interleaved(size.rounds, lambda: sides.jobs_whole(size.jobs), lambda: dbos.workflows(size.jobs))
    return [
        *found,
        Ratio(
            "jobs of six steps in the time of one such workflow of DBOS",
            ratios(*whole[::-1]),
            Bound.AT_LEAST,
            1.5,
        ),
    ]


if __name__ == "__main__":
    main(SMALL if "--small" in sys.argv[1:] else Size())

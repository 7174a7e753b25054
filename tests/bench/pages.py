"""What pages cost, on servers of its own with the demo in them: its jobs are none of the other measurements' business.

`python -m tests.bench.pages` prints the table alone; with `applications`, `polls` or `facade` only that part, with
`plans` what PostgreSQL makes of searches, with `--json` the ratios for `tests.bench`, with `--small` a short run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import django

from tests.bench import applications, facade, polls, servers
from tests.bench.table import HEADING, Ratio


def prepare() -> None:
    """Tables, static files, the demo."""
    django.setup()
    from django.core.management import call_command

    from portaladmin.demo import load_demo

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    load_demo()


def measured(folder: Path, words: Sequence[str]) -> list[Ratio]:
    small, found = "--small" in words, []
    everything = not {"applications", "polls", "facade"} & set(words)
    if everything or "applications" in words:
        sizes = {"few": 60, "many": 200, "rounds": 1, "requests": 1} if small else {}
        found += applications.measured(**sizes)
    if "plans" in words:
        applications.plans()
    if everything or "polls" in words:
        applications.use("portaladmin")
        sizes = {"rounds": 1, "requests": 5} if small else {}
        found += polls.measured(folder / "web.log", **sizes)
    if everything or "facade" in words:
        applications.use("portaladmin")
        sizes = {"records": 60, "rounds": 1, "turns": 2} if small else {}
        found += facade.measured(**sizes)
    return found


def main(words: Sequence[str]) -> None:
    with servers.running() as folder:
        prepare()
        found = measured(folder, words)
    if "--json" in words:
        json.dump([asdict(ratio) for ratio in found], sys.stdout)
        return
    sys.stdout.write("".join(f"{line}\n" for line in ("", HEADING, *(ratio.line() for ratio in found))))


if __name__ == "__main__":
    main(sys.argv[1:])

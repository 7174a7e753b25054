"""A process that runs workflows of six steps that do nothing with DBOS, so many at a time.

Reads how many from standard input, a line each round, and answers with a line when they are done.
"""

from __future__ import annotations

import importlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor

STEPS = 6


def main(name: str, url: str, threads: int) -> None:
    # Not installed where types are checked.
    dbos = importlib.import_module("dbos")
    os.environ["DBOS__VMID"] = name
    dbos.DBOS(
        config={
            "name": "bench",
            "system_database_url": url,
            "log_level": "ERROR",
            "console_log_level": "ERROR",
        }
    )

    @dbos.DBOS.step()
    def nothing(number: int) -> dict[str, int]:
        return {"step": number}

    @dbos.DBOS.workflow()
    def six_steps(number: int) -> int:
        for step in range(STEPS):
            nothing(step)
        return number

    dbos.DBOS.launch()
    with ThreadPoolExecutor(threads) as pool:
        _say("ready")
        for line in sys.stdin:
            assert sum(1 for _ in pool.map(six_steps, range(int(line)))) == int(line)
            _say("done")
    dbos.DBOS.destroy()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

"""A worker that dies where the test says: a file `<point>-<step>` in $FAULTS is its order, obeyed once.

Points: `in` (the step acted, nothing is written), `inside` (its checkpoint is not committed yet), `after` (it is).
At `freeze` it acted like `in`, and then sleeps until it is woken; the file `frozen` has its number.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
from pathlib import Path
from typing import Any

import tests.jobs.toyworker  # noqa: F401  # isort: skip - sets Django up, before anything that needs it

from django.db import transaction

from jobs import registry, runner
from jobs.models import JobStep
from jobs.transitions import Changed
from portaladmin.celery import app
from tests.jobs import toys

FOLDER = Path(os.environ["FAULTS"])

_call, _checkpoint = runner._call, runner._checkpoint


def _die_at(point: str, row: JobStep) -> None:
    try:
        (FOLDER / f"{point}-{row.index}").unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def _freeze_at(row: JobStep) -> None:
    try:
        (FOLDER / f"freeze-{row.index}").rename(FOLDER / "frozen")
    except FileNotFoundError:
        return
    (FOLDER / "frozen").write_text(str(os.getpid()))
    os.kill(os.getpid(), signal.SIGSTOP)


def _calling(run: runner._Run, row: JobStep, step: registry.Step) -> dict[str, Any]:
    output = _call(run, row, step)
    _die_at("in", row)
    _freeze_at(row)
    return output


def _checking(run: runner._Run, row: JobStep) -> Changed | None:
    with transaction.atomic(savepoint=False):
        changed = _checkpoint(run, row)
        _die_at("inside", row)
    _die_at("after", row)
    return changed


runner._call, runner._checkpoint = _calling, _checking

if os.environ.get("TOY_VERSION"):
    # A release that knows one version of the toys only.
    registry.unregister(toys.KIND, 1)
    registry.register(dataclasses.replace(toys.TOY, version=int(os.environ["TOY_VERSION"]), _by_name={}))

if __name__ == "__main__":
    app.start(sys.argv[1:])

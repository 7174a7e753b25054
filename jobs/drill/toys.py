"""The drill's kind of job. Its steps do what their names say, to a folder."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accounts.models import User
from jobs import registry
from jobs.context import StepContext
from jobs.drill import KIND
from jobs.drill.world import World
from jobs.errors import Permanent
from jobs.models import Job, JobEvent, JobStep
from jobs.registry import Effect, Kind, Planned, Step

STAMPED = "stamped"
GATE_OPENS_WITHIN = 300.0  # seconds; then the drill itself is gone
DEAF = "deaf"


def _world(context: StepContext) -> World:
    return World(Path(context.inputs["world"]))


def make(context: StepContext) -> Mapping[str, Any]:
    """Probe first: makes its effect unless it is there."""
    world = _world(context)
    world.begin(context.op_key)
    if not world.made(context.op_key):
        world.make(context.op_key)
    return {}


def gate(context: StepContext) -> Mapping[str, Any]:
    """Makes its effect, then waits to be let through. With the argument "deaf" it does not listen meanwhile whether
    it should stop.
    """
    make(context)
    world = _world(context)
    end = time.monotonic() + GATE_OPENS_WITHIN
    with world.at_gate(context.job_id):
        while not world.is_open(context.job_id):
            if context.argument != DEAF:
                context.check()
            if time.monotonic() > end:
                raise Permanent("Nobody opened the gate.", code="gate")
            time.sleep(0.02)
    return {}


def die(context: StepContext) -> Mapping[str, Any]:
    """Poison: its worker does not survive it."""
    make(context)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def stamp(context: StepContext) -> Mapping[str, Any]:
    """Database only: its effect is an event of its own."""
    step = JobStep.objects.get(job_id=context.job_id, op_key=context.op_key)
    _world(context).begin(context.op_key)
    job = Job.objects.get(pk=context.job_id)
    JobEvent.objects.create(
        job=job, at=job.created_at, name=STAMPED, state=job.state, step=step.index, actor=KIND
    )
    return {}


def _plan(inputs: Mapping[str, Any]) -> list[Planned]:
    parts = [text.partition(":") for text in inputs["steps"]]
    return [Planned(name, argument) for name, _, argument in parts]


def _nobody(user: User, job: Job) -> bool:
    return False


DRILL = Kind(
    name=KIND,
    version=1,
    title="Drill",
    steps=(
        Step("make", "Make", make, Effect.PROBE_FIRST),
        Step("gate", "Wait at the gate", gate, Effect.PROBE_FIRST),
        Step("die", "Die", die, Effect.PROBE_FIRST),
        Step("stamp", "Stamp", stamp, Effect.DATABASE_ONLY),
    ),
    plan=_plan,
    may_see=_nobody,
    may_act=_nobody,
    subject=lambda job: None,
    audited=False,
)


def register() -> None:
    registry.register(DRILL)

"""A kind of job that knows nothing of portals. Its outside world is a folder; its steps do what their names say."""

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
from jobs.errors import Blocked, NotYet, Permanent, Transient
from jobs.models import Job, JobEvent
from jobs.registry import Effect, Kind, OnRestart, Planned, Step, Subject

KIND = "toy"
HELD_AT_MOST = 30.0  # seconds

settled: list[tuple[str, str]] = []


def _world(context: StepContext) -> Path:
    return Path(context.inputs["world"])


def note(context: StepContext) -> Mapping[str, Any]:
    """Idempotent: one file a step, however often it runs; each run leaves a line in it."""
    with (_world(context) / str(context.op_key)).open("a") as file:
        file.write(f"{context.attempt} {os.getpid()}\n")
    return {"argument": context.argument, "before": len(context.outputs)}


def hold(context: StepContext) -> Mapping[str, Any]:
    """Holds until the test lets it go on, and says that it does."""
    note(context)
    (_world(context) / "holding").touch()
    end = time.monotonic() + HELD_AT_MOST
    while not (_world(context) / "go").exists():
        context.check()
        if time.monotonic() > end:
            raise Permanent("Nobody let go.", code="held")
        time.sleep(0.01)  # the step waits for the test, not the test for the step
    return {}


def die(context: StepContext) -> Mapping[str, Any]:
    note(context)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def write(context: StepContext) -> Mapping[str, Any]:
    """Database only: its effect is an event of another name, and then it may fail."""
    job = Job.objects.get(pk=context.job_id)
    JobEvent.objects.create(job=job, at=job.created_at, name="written", state=job.state, actor="toy")
    if context.argument:
        raise Permanent("Refused after writing.", code="late")
    return {}


def refuse(context: StepContext) -> Mapping[str, Any]:
    """Raises what its argument names, unless the file `healed` is there."""
    if (_world(context) / "healed").exists():
        return {"healed": True}
    raise {
        "transient": Transient("Try later.", code="busy"),
        "asked": Transient("Try much later.", retry_after=50),
        "permanent": Permanent("Never.", code="never"),
        "blocked": Blocked("Ask an administrator.", code="no_right"),
        "not-yet": NotYet(0.0),
        "bug": ZeroDivisionError("a mistake of ours"),
        "connection": ConnectionResetError("gone"),
    }[context.argument]


def _plan(inputs: Mapping[str, Any]) -> list[Planned]:
    parts = [text.partition(":") for text in inputs["steps"]]
    return [Planned(name, argument) for name, _, argument in parts]


def _settled(job: Job) -> None:
    settled.append((str(job.id), job.state))


def _anyone(user: User, job: Job) -> bool:
    return True


TOY = Kind(
    name=KIND,
    version=1,
    title="Toy",
    steps=(
        Step("note", "Note {argument}", note, Effect.IDEMPOTENT),
        Step("check", "Check", note, Effect.IDEMPOTENT, OnRestart.VERIFY),
        Step("hold", "Hold", hold, Effect.IDEMPOTENT),
        Step("die", "Die", die, Effect.IDEMPOTENT),
        Step("write", "Write", write, Effect.DATABASE_ONLY),
        Step("refuse", "Refuse {argument}", refuse, Effect.IDEMPOTENT),
    ),
    plan=_plan,
    may_see=_anyone,
    may_act=_anyone,
    subject=lambda job: Subject("A toy", "/"),
    on_settled=_settled,
)


def register() -> None:
    registry.register(TOY)

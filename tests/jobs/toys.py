"""A kind of job that knows nothing of portals. Its outside world is a folder; its steps do what their names say."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import connection

from accounts.models import User
from jobs import ledger, registry
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


def once(context: StepContext) -> Mapping[str, Any]:
    """Never to be repeated; its argument says how it breaks off."""
    note(context)
    match context.argument:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "time-out":
            raise TimeoutError("No answer to what was sent.")
        case "busy":
            raise Transient("Nothing was done, try later.")
    return {}


def slow(context: StepContext) -> Mapping[str, Any]:
    """Takes so many seconds; it is deaf to everything meanwhile."""
    note(context)
    time.sleep(float(context.argument))
    return {}


def over(context: StepContext) -> Mapping[str, Any]:
    """Is over its limit of no time at all, and looks at the clock."""
    context.check()
    return {}


def make(context: StepContext) -> Mapping[str, Any]:
    """Makes a thing in the outside world, and writes down first that it will."""
    resource = context.plan("thing", str(context.op_key))
    (_world(context) / f"thing-{context.op_key}").touch()
    ledger.made(resource, external_id=str(context.op_key))
    return {}


def cut(context: StepContext) -> Mapping[str, Any]:
    """The database cuts this worker off, the first time."""
    note(context)
    if context.attempt == 1:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return {}


def big(context: StepContext) -> Mapping[str, Any]:
    """Leaves so many kilobytes that cannot be compressed."""
    return {"data": os.urandom(int(context.argument) * 512).hex()}


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
        Step("colour", "Colour", note, Effect.IDEMPOTENT, inputs=("colour",)),
        Step("hold", "Hold", hold, Effect.IDEMPOTENT),
        Step("die", "Die", die, Effect.IDEMPOTENT),
        Step("once", "Do once", once, Effect.NEVER_REPEAT),
        Step("slow", "Take {argument} seconds", slow, Effect.IDEMPOTENT),
        Step("stuck", "Be stuck", slow, Effect.IDEMPOTENT, limit=1.0),
        Step("over", "Be over the limit", over, Effect.IDEMPOTENT, limit=0.0),
        Step("make", "Make", make, Effect.PROBE_FIRST),
        Step("cut", "Be cut off", cut, Effect.IDEMPOTENT),
        Step("big", "Write {argument} kB", big, Effect.IDEMPOTENT),
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

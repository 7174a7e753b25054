"""What the bench's workers do, beside the product's own kinds: jobs of six steps that do nothing, and bare no-ops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import shared_task

from accounts.models import User
from jobs import registry
from jobs.context import StepContext
from jobs.models import Job
from jobs.registry import Effect, Kind, Planned, Step

KIND = "bench"
STEPS = 6
NO_OP = "bench.no_op"


@shared_task(name=NO_OP, ignore_result=True)
def no_op(number: str) -> None:
    return None


def _nothing(context: StepContext) -> Mapping[str, Any]:
    return {"step": context.argument}


def _anyone(user: User, job: Job) -> bool:
    return True


BENCH = Kind(
    name=KIND,
    version=1,
    title="Bench",
    steps=(Step("nothing", "Nothing {argument}", _nothing, Effect.IDEMPOTENT),),
    plan=lambda inputs: [Planned("nothing", str(number)) for number in range(STEPS)],
    may_see=_anyone,
    may_act=_anyone,
    subject=lambda job: None,
    audited=False,  # the engine alone is measured
)
registry.register(BENCH)

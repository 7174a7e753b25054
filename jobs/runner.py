"""Does the steps of one job, from its claim until it ends, pauses, or is another worker's."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from jobs import registry, retry, settle, transitions
from jobs.context import StepContext
from jobs.errors import LostLease, Stopped, Transient
from jobs.heartbeat import Watch, heart, stopping
from jobs.models import Job, JobStep
from jobs.owner import Owner
from jobs.registry import Effect, Kind, Step
from jobs.states import LEASED, JobState
from jobs.transitions import Changed, Claim, Ending

log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What came of one ring of the doorbell."""

    NOTHING = "nothing to do"
    ENDED = "ended"
    PAUSED = "paused"
    RELEASED = "released"
    LOST = "lost the lease"


@dataclass
class _Run:
    """The claimed job in this worker's hands."""

    claim: Claim
    kind: Kind
    steps: list[JobStep]
    outputs: dict[str, dict[str, Any]]
    watch: Watch
    actor: str
    lease: float


def run(job_id: UUID, *, owner: Owner | None = None, lease: float = transitions.LEASE) -> Outcome:
    """Claim the job if it is due and go on with it. `lease` is in seconds."""
    owner = owner or Owner.here()
    known = Job.objects.filter(pk=job_id).values_list("kind", "definition").first()
    if known is None or stopping.is_set():
        return Outcome.NOTHING
    try:
        kind = registry.find(*known)
    except registry.UnknownKind as error:
        log.warning("Job %s is left to a worker of another release: %s", job_id, error)
        return Outcome.NOTHING
    try:
        claim = transitions.claim(job_id, owner=owner, lease=lease)
    except IntegrityError:  # two jobs of one serial key were claimed at the same moment: the other one has it
        return Outcome.NOTHING
    if claim is None:
        return Outcome.NOTHING
    steps = list(JobStep.objects.filter(job_id=job_id))
    outputs = {step.key: step.output for step in steps[: claim.cursor]}
    watch = Watch(job_id, claim.fence, lease)
    with heart.watching(watch):
        return _go_on(_Run(claim, kind, steps, outputs, watch, str(owner), lease))


def _go_on(run: _Run) -> Outcome:
    for row in run.steps[run.claim.cursor :]:
        outcome = _do(run, row)
        if outcome is not None:
            return outcome
    if not run.steps[run.claim.cursor :]:  # its last step was done, but its worker died before it said so
        return _end(run, Ending(JobState.SUCCEEDED, "succeeded"), run.claim.cursor)
    return Outcome.ENDED


def _do(run: _Run, row: JobStep) -> Outcome | None:
    """One step. None: go on with the next one."""
    step = run.kind.step(row.name)
    try:
        if stopping.is_set():
            raise Stopped
        changed = _attempt(run, row, step)
    except LostLease:
        log.warning("Job %s is another worker's now; step %s is left as it is.", run.claim.id, row.name)
        return Outcome.LOST
    except Stopped:
        return _give_back(run, row)
    except Exception as error:  # every other error is judged by the rules of jobs.retry
        return _judge(run, row, error)
    run.watch.renewed()
    run.outputs[row.key] = row.output
    if changed.cursor == run.claim.step_count:
        return Outcome.ENDED
    if changed.state is JobState.CANCELLING:
        return _end(run, Ending(JobState.CANCELLED, "cancel-confirmed"), changed.cursor)
    return None


def _attempt(run: _Run, row: JobStep, step: Step) -> Changed:
    """Run the step and write its checkpoint. Raises whatever the step raises, and LostLease."""
    context = StepContext(
        job_id=run.claim.id,
        exclusive_key=run.claim.exclusive_key or f"job:{run.claim.id}",
        inputs=run.claim.inputs,
        outputs=run.outputs,
        argument=row.argument,
        op_key=row.op_key,
        attempt=row.attempt,
        requested_by_id=run.claim.requested_by_id,
        watch=run.watch,
    )
    if step.effect is Effect.DATABASE_ONLY:
        with transaction.atomic():
            row.output = dict(step.run(context) or {})
            return _checkpoint(run, row)
    row.output = dict(step.run(context) or {})
    return _checkpoint(run, row)


def _checkpoint(run: _Run, row: JobStep) -> Changed:
    last = row.index + 1 == run.claim.step_count
    with transaction.atomic(savepoint=False):
        changed = transitions.advance(
            run.claim.id,
            fence=run.claim.fence,
            step=row.index,
            output=row.output,
            actor=run.actor,
            lease=run.lease,
        )
        if changed is None:
            raise LostLease
        if last:  # everything is done: a cancellation that came after this came too late
            _end(run, Ending(JobState.SUCCEEDED, "succeeded"), row.index)
    return changed


def _judge(run: _Run, row: JobStep, error: Exception) -> Outcome:
    """Write down what the error means for the job."""
    if isinstance(error, OperationalError | InterfaceError):
        error = Transient(f"The database did not answer: {error}".strip(), code="database_unavailable")
    decision = retry.decide(error, errors=run.claim.step_errors if row.index == run.claim.cursor else 0)
    if isinstance(decision, retry.Again):
        changed = transitions.pause(
            run.claim.id,
            fence=run.claim.fence,
            step=row.index,
            delay=decision.delay,
            actor=run.actor,
            charged=decision.charged,
            error_code=decision.code if decision.charged else "",
            error_message=decision.message if decision.charged else "",
        )
        return Outcome.PAUSED if changed else _confirm_cancel(run, row)
    error_id = settle.new_error_id()
    if decision.code == "unexpected":
        log.error("Job %s, step %s [%s]", run.claim.id, row.name, error_id, exc_info=error)
    state = JobState.BLOCKED if decision.blocked else JobState.FAILED
    ending = Ending(state, state.value, decision.code, decision.message, error_id)
    ended = _end(run, ending, row.index, sources=(JobState.RUNNING,))
    # A job that a person cancelled meanwhile ends as cancelled, whatever its step says.
    return _confirm_cancel(run, row) if ended is Outcome.LOST else ended


def _give_back(run: _Run, row: JobStep) -> Outcome:
    changed = transitions.pause(
        run.claim.id, fence=run.claim.fence, step=row.index, delay=0, actor=run.actor, event="released"
    )
    return Outcome.RELEASED if changed else _confirm_cancel(run, row)


def _confirm_cancel(run: _Run, row: JobStep) -> Outcome:
    return _end(
        run, Ending(JobState.CANCELLED, "cancel-confirmed"), row.index, sources=(JobState.CANCELLING,)
    )


def _end(run: _Run, ending: Ending, step: int, *, sources: tuple[JobState, ...] = tuple(LEASED)) -> Outcome:
    changed = settle.end(
        run.claim.id, ending=ending, sources=sources, actor=run.actor, fence=run.claim.fence, step=step
    )
    return Outcome.ENDED if changed else Outcome.LOST

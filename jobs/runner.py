"""Does the steps of one job, from its claim until it ends, pauses, or is another worker's."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from jobs import registry, retry, settle, transitions
from jobs.context import StepContext
from jobs.errors import Blocked, JobError, LostLease, NotYet, Stopped, Transient
from jobs.heartbeat import Watch, heart, stopping
from jobs.insist import AWAY, insist
from jobs.models import Job, JobStep
from jobs.owner import Owner
from jobs.registry import Effect, Kind, Step
from jobs.states import CLAIMABLE, LEASED, JobState
from jobs.transitions import INTERRUPTED, Changed, Claim, Ending

log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What came of one ring of the doorbell."""

    NOTHING = "nothing to do"
    ENDED = "ended"
    PAUSED = "paused"
    RELEASED = "released"
    LOST = "lost the lease"


class _OutcomeUnknown(Blocked):
    """A step that must not be done twice was begun, and nobody knows what became of it."""

    code = "outcome_unknown"


@dataclass
class _Run:
    """The claimed job in this worker's hands."""

    claim: Claim
    kind: Kind
    # Not saved ones: as they were at the claim, but for `attempt`, which counts the one that begins.
    steps: list[JobStep]
    outputs: dict[str, dict[str, Any]]
    watch: Watch
    actor: str
    lease: float


def run(job_id: UUID, *, owner: Owner | None = None, lease: float = transitions.LEASE) -> Outcome:
    """Claim the job if it is due and go on with it. `lease` is in seconds.

    Never raises because the database is away: the reconciler finds the job again.
    """
    try:
        return _claim_and_go_on(job_id, owner or Owner.here(), lease)
    except AWAY as error:
        log.error("Job %s is left as it is, since the database stays away: %s", job_id, str(error).strip())
        return Outcome.LOST


def _claim_and_go_on(job_id: UUID, owner: Owner, lease: float) -> Outcome:
    if stopping.is_set():
        return Outcome.NOTHING
    claim = _claim(job_id, owner, lease)
    if claim is None:
        insist(lambda: _give_back_the_bell(job_id), seconds=lease)
        return Outcome.NOTHING
    kind = registry.find(claim.kind, claim.definition)
    watch = Watch(job_id, claim.fence, lease)
    with heart.watching(watch):
        steps = [JobStep(job_id=job_id, **{**step, "op_key": UUID(step["op_key"])}) for step in claim.steps]
        outputs = {step.key: step.output for step in steps[: claim.cursor]}
        return _go_on(_Run(claim, kind, steps, outputs, watch, str(owner), lease))


def _give_back_the_bell(job_id: UUID) -> None:
    """A worker that knows the kind rings again with its next pass, instead of believing that its bell was heard."""
    job = Job.objects.filter(pk=job_id, state__in=CLAIMABLE).only("kind", "definition").first()
    if job is not None and (job.kind, job.definition) not in registry.known():
        log.warning(
            "Job %s (%s %s) is left to a worker of another release.", job_id, job.kind, job.definition
        )
        Job.objects.filter(pk=job_id).update(rung_at=None, rings=0)


def _claim(job_id: UUID, owner: Owner, lease: float) -> Claim | None:
    try:
        kinds = registry.known()
        claim, unsure = insist(
            lambda: transitions.claim(job_id, owner=owner, lease=lease, kinds=kinds), seconds=lease
        )
    except IntegrityError:  # two jobs of one serial key were claimed at the same moment: the other one has it
        return None
    if claim is None and unsure:
        claim, _ = insist(
            lambda: transitions.claimed_already(job_id, owner=owner, lease=lease), seconds=lease
        )
    return claim


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
    try:
        changed = _attempt(run, row, run.kind.step(row.name))
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
    if step.effect is Effect.NEVER_REPEAT and row.error_code == INTERRUPTED:
        raise _OutcomeUnknown(
            "Its worker was lost in this step, which must not be done twice. Look what became of it, then restart."
        )
    if stopping.is_set():
        raise Stopped
    if step.effect is Effect.DATABASE_ONLY:
        return _with_its_checkpoint(run, row, step)
    row.output = _call(run, row, step)
    changed, unsure = insist(lambda: _checkpoint(run, row), seconds=run.lease)
    if changed is None and unsure:
        changed = _checkpoint_of_before(run, row)
    if changed is None:
        raise LostLease
    return changed


def _with_its_checkpoint(run: _Run, row: JobStep, step: Step) -> Changed:
    """A step whose effect is in the database alone: both are committed, or neither is."""
    try:
        with transaction.atomic():
            row.output = _call(run, row, step)
            changed = _checkpoint(run, row)
            if changed is None:
                raise LostLease
            return changed
    except AWAY:
        done = _checkpoint_of_before(run, row)
        if done is None:
            raise
        return done


def _call(run: _Run, row: JobStep, step: Step) -> dict[str, Any]:
    if row.kept:  # an earlier attempt did it, behind a step that had to be gone through again
        return dict(row.output)
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
    run.watch.begin(limit=step.limit)
    try:
        return dict(step.run(context) or {})
    except (JobError, NotYet, LostLease, Stopped):
        raise
    except Exception as error:
        if step.effect is not Effect.NEVER_REPEAT:
            raise
        raise _OutcomeUnknown(
            "This step, which must not be done twice, broke off. Look what became of it, then restart."
        ) from error
    finally:
        run.watch.end()


def _checkpoint(run: _Run, row: JobStep) -> Changed | None:
    """Write that the step is done. None: refused."""
    if row.index + 1 < run.claim.step_count:
        return transitions.advance(
            run.claim.id,
            fence=run.claim.fence,
            step=row.index,
            output=row.output,
            actor=run.actor,
            lease=run.lease,
        )
    return settle.finish(
        run.claim.id, fence=run.claim.fence, step=row.index, output=row.output, actor=run.actor
    )


def _checkpoint_of_before(run: _Run, row: JobStep) -> Changed | None:
    """The checkpoint, if it was committed and only the answer was lost."""
    changed, _ = insist(
        lambda: transitions.advanced_already(run.claim.id, fence=run.claim.fence, step=row.index),
        seconds=run.lease,
    )
    return changed


def _judge(run: _Run, row: JobStep, error: Exception) -> Outcome:
    """Write down what the error means for the job."""
    if isinstance(error, AWAY):
        error = Transient(f"The database did not answer: {error}".strip(), code="database_unavailable")
    decision = retry.decide(error, errors=run.claim.step_errors if row.index == run.claim.cursor else 0)
    if isinstance(decision, retry.Again):
        again = decision
        changed, _ = insist(
            lambda: transitions.pause(
                run.claim.id,
                fence=run.claim.fence,
                step=row.index,
                delay=again.delay,
                actor=run.actor,
                charged=again.charged,
                error_code=again.code if again.charged else "",
                error_message=again.message if again.charged else "",
            ),
            seconds=run.lease,
        )
        return Outcome.PAUSED if changed else _confirm_cancel(run, row)
    error_id = settle.new_error_id()
    if decision.code == "unexpected" or error.__cause__:
        log.error("Job %s, step %s [%s]", run.claim.id, row.name, error_id, exc_info=error)
    state = JobState.BLOCKED if decision.blocked else JobState.FAILED
    ending = Ending(state, state.value, decision.code, decision.message, error_id)
    ended = _end(run, ending, row.index, sources=(JobState.RUNNING,))
    # A job that a person cancelled meanwhile ends as cancelled, whatever its step says.
    return _confirm_cancel(run, row) if ended is Outcome.LOST else ended


def _give_back(run: _Run, row: JobStep) -> Outcome:
    changed, _ = insist(
        lambda: transitions.pause(
            run.claim.id, fence=run.claim.fence, step=row.index, delay=0, actor=run.actor, event="released"
        ),
        seconds=run.lease,
    )
    return Outcome.RELEASED if changed else _confirm_cancel(run, row)


def _confirm_cancel(run: _Run, row: JobStep) -> Outcome:
    return _end(
        run, Ending(JobState.CANCELLED, "cancel-confirmed"), row.index, sources=(JobState.CANCELLING,)
    )


def _end(run: _Run, ending: Ending, step: int, *, sources: tuple[JobState, ...] = tuple(LEASED)) -> Outcome:
    changed, _ = insist(
        lambda: settle.end(
            run.claim.id, ending=ending, sources=sources, actor=run.actor, fence=run.claim.fence, step=step
        ),
        seconds=run.lease,
    )
    return Outcome.ENDED if changed else Outcome.LOST

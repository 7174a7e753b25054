"""What other rooms may ask of the engine: enqueue, cancel, restart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction

from accounts import audit
from accounts.audit import Verb
from jobs import registry, settle, trail, transitions
from jobs.doorbell import ring_on_commit
from jobs.models import Job, JobStep
from jobs.registry import Kind, OnRestart, Planned
from jobs.states import ACTIVE, CLAIMABLE, RESTARTABLE, JobState, StepState
from jobs.transitions import Ending, New

if TYPE_CHECKING:
    from accounts.models import User


# How often one call tries, when each job that stood in its way has ended by the time it looks.
INSERTS = 3
STEP_VALUES = "index name argument state op_key output kept started_at finished_at".split()


class AlreadyActive(Exception):
    """Another job works on the same thing now; `job` is that one, with `requested_by` and `created_at`."""

    def __init__(self, job: Job) -> None:
        self.job = job
        who = str(job.requested_by) if job.requested_by else "the system"
        super().__init__(
            f"{who} started this already, at {job.created_at:%H:%M:%S} UTC on {job.created_at:%Y-%m-%d}."
        )


class NotRestartable(Exception):
    """The job is still active, succeeded, or a newer attempt exists; the message says which."""


class NotCancellable(Exception):
    """The job has ended already."""


@audit.attempted(Verb.BEGIN_JOB)
@transaction.atomic
def enqueue(
    *,
    kind: str,
    inputs: Mapping[str, Any],
    exclusive_key: str | None = None,
    serial_key: str | None = None,
    idempotency_key: str | None = None,
    requested_by: User | None = None,
) -> Job:
    """Write down a job and its steps, in the caller's transaction; the doorbell rings on its commit.

    A second call with the same idempotency key returns the first one's job. Raises AlreadyActive when another job
    of the same exclusive key is active, registry.UnknownKind.
    """
    definition = registry.latest(kind)
    job = _new_job(definition, inputs, exclusive_key, serial_key, requested_by)
    job.idempotency_key = idempotency_key
    plan = list(definition.plan(inputs))
    steps = [JobStep(job=job, index=i, name=step.name, argument=step.argument) for i, step in enumerate(plan)]
    if idempotency_key is not None and (known := Job.objects.filter(idempotency_key=idempotency_key).first()):
        return known
    return _insert_or_find(definition, job, steps, requested_by, "")


def _insert_or_find(
    definition: Kind, job: Job, steps: list[JobStep], requested_by: User | None, detail: str
) -> Job:
    for _ in range(INSERTS):
        if _insert(definition, job, steps, requested_by, detail):
            return job
        if same := _first_caller(job):
            return same
    raise IntegrityError(f"{INSERTS} jobs stood in the way of a new one, and each had ended when looked for.")


def _first_caller(job: Job) -> Job | None:
    """Another caller was first: with the same request, whose job this is, or with one on the same thing. None: that
    one ended already, so the thing is free again.
    """
    if job.idempotency_key and (same := Job.objects.filter(idempotency_key=job.idempotency_key).first()):
        return same
    holder = (
        Job.objects.filter(exclusive_key=job.exclusive_key, state__in=ACTIVE)
        .select_related("requested_by")
        .first()
    )
    if job.exclusive_key is not None and holder is not None:
        raise AlreadyActive(holder) from None
    return None


@audit.attempted(Verb.RESTART_JOB)
@transaction.atomic
def restart(
    *, job_id: UUID, requested_by: User | None, inputs: Mapping[str, Any] | None = None, note: str = ""
) -> Job:
    """A new attempt at a job that ended badly: it keeps the steps that were done and goes on at the failed one.

    With other `inputs`, the steps that depend on what changed (`Step.inputs`) are done anew, wherever they stand.
    `note` goes into the new job's first event: what was changed, say.
    The old job stays as it was. Raises NotRestartable, AlreadyActive.
    """
    old = Job.objects.select_for_update().get(pk=job_id)
    if JobState(old.state) not in RESTARTABLE:
        raise NotRestartable(f"This job is {old.state}; only one that ended badly can be restarted.")
    if old.restarts.exists():
        raise NotRestartable("This job was restarted already; restart its last attempt.")
    definition = registry.find(old.kind, old.definition)
    job = _new_job(
        definition, old.inputs if inputs is None else inputs, old.exclusive_key, old.serial_key, requested_by
    )
    job.restart_of = old
    steps = _steps_of_restart(definition, job, old)
    job.cursor = next((step.index for step in steps if step.state != StepState.DONE), len(steps))
    return _insert_or_find(definition, job, steps, requested_by, f"A new attempt at {old.id}. {note}".strip())


def _steps_of_restart(definition: Kind, job: Job, old: Job) -> list[JobStep]:
    """The steps before the first one that is not kept count as done; a later one that is kept is passed over by
    the worker, so that the cursor still goes from step to step."""
    changed = {name for name in {*job.inputs, *old.inputs} if job.inputs.get(name) != old.inputs.get(name)}
    done_before = list(old.steps.all())
    planned = definition.plan(job.inputs) if changed else [Planned(s.name, s.argument) for s in done_before]
    left = defaultdict(list)  # a plan may name a step twice: the first one takes over from the first one
    for known in done_before:
        left[known.key].append(known)
    steps: list[JobStep] = []
    for index, plan in enumerate(planned):
        step = JobStep(job=job, index=index, name=plan.name, argument=plan.argument)
        if left[step.key]:
            contiguous = all(earlier.state == StepState.DONE for earlier in steps)
            _take_over(definition, step, left[step.key].pop(0), changed, contiguous=contiguous)
        steps.append(step)
    return steps


def _take_over(definition: Kind, step: JobStep, old: JobStep, changed: set[str], *, contiguous: bool) -> None:
    """The same step in the new attempt. It has the same op_key, so it finds what the old one made."""
    step.op_key = old.op_key
    rules = definition.step(old.name)
    done = old.state == StepState.DONE or old.kept
    if not done or rules.on_restart is not OnRestart.KEEP or changed & set(rules.inputs):
        return
    step.output, step.kept = old.output, True
    if contiguous:
        step.state, step.started_at, step.finished_at = (
            StepState.DONE,
            old.started_at,
            old.finished_at or _database_now(),
        )


def _new_job(
    definition: Kind,
    inputs: Mapping[str, Any],
    exclusive_key: str | None,
    serial_key: str | None,
    requested_by: User | None,
) -> Job:
    return Job(
        id=uuid4(),
        kind=definition.name,
        definition=definition.version,
        inputs=dict(inputs),
        exclusive_key=exclusive_key,
        serial_key=serial_key,
        requested_by=requested_by,
    )


def _insert(definition: Kind, job: Job, steps: list[JobStep], requested_by: User | None, detail: str) -> bool:
    """False: another job has its idempotency key, or is active on the same thing."""
    job.step_count = len(steps)
    written = transitions.enqueue(
        New(
            id=job.id,
            kind=job.kind,
            definition=job.definition,
            inputs=job.inputs,
            exclusive_key=job.exclusive_key,
            serial_key=job.serial_key,
            idempotency_key=job.idempotency_key,
            requested_by=job.requested_by_id,
            restart_of=job.restart_of_id,
            cursor=job.cursor,
            deadline=definition.deadline.total_seconds() if definition.deadline else None,
            steps=[{name: getattr(step, name) for name in STEP_VALUES} for step in steps],
        ),
        actor=str(requested_by) if requested_by else "system",
        detail=detail,
    )
    if written is None:
        return False
    job.created_at, job.deadline_at = written
    job.run_at = job.rung_at = job.created_at
    job.rings = 1
    job._state.adding = False
    with trail.beginning(definition, job, by=requested_by):
        definition.on_begun(job)
    ring_on_commit(job.id)
    return True


def _database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now


@audit.attempted(Verb.CANCEL_JOB)
@transaction.atomic
def cancel(*, job_id: UUID, requested_by: User | None) -> JobState:
    """Stop a job: at once when nobody holds it, else its worker is asked and confirms; the state after the call.

    Raises NotCancellable when it has ended. Cancelling twice is fine.
    """
    actor = str(requested_by) if requested_by else "system"
    user_id = requested_by.pk if requested_by else None
    ending = Ending(JobState.CANCELLED, "cancelled")
    if settle.end(job_id, ending=ending, sources=sorted(CLAIMABLE), actor=actor):
        Job.objects.filter(pk=job_id).update(cancel_requested_at=_database_now(), cancel_requested_by=user_id)
        trail.cancelled(job_id, by=requested_by)
        return JobState.CANCELLED
    if transitions.request_cancel(job_id, user_id=user_id, actor=actor):
        trail.cancelled(job_id, by=requested_by)
        return JobState.CANCELLING
    state = JobState(Job.objects.values_list("state", flat=True).get(pk=job_id))
    if state is JobState.CANCELLING:
        return state
    raise NotCancellable(f"This job is {state} already.")

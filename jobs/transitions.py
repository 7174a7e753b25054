"""Every change of a job's state, each as one guarded SQL statement.

A statement updates the job only where its guard holds (id, fence, state), and writes the step and the event from
the row that it updated, so that they can never disagree. All times are the database's: the clocks of workers do
not matter. What the names mean is in `jobs.states`; a refused change is told by the return value, never silently
ignored by a caller.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from jobs.owner import Owner
from jobs.prepared import first_row
from jobs.states import JobState

LEASE: float = settings.JOBS_LEASE_SECONDS  # that a worker may be silent before its job is given to another
# What a step's row says after its worker was lost in it: nobody knows how far it came.
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Claim:
    """A job in the hands of a worker. `fence` is its right to change it."""

    id: UUID
    fence: int
    kind: str
    definition: int
    cursor: int
    step_count: int
    step_errors: int
    inputs: Mapping[str, Any]
    exclusive_key: str | None
    requested_by_id: int | None
    # The job's steps in order, as values of JobStep; `attempt` counts the one that begins now, if it is to be done.
    steps: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Changed:
    """A job after a change."""

    state: JobState
    cursor: int
    serial_key: str | None
    run_at: datetime


@dataclass(frozen=True)
class Ending:
    """How a job ends: `error_*` are empty when it succeeded or was cancelled."""

    state: JobState
    event: str
    error_code: str = ""
    error_message: str = ""
    error_id: str = ""


# Where the row `changed` comes out of an UPDATE, this writes its event.
_EVENT = """
event AS (
    INSERT INTO jobs_jobevent (job_id, at, name, state, step, actor, detail)
    SELECT id, clock_timestamp(), %(event)s::text, state, %(step)s::smallint, %(actor)s::text, %(detail)s::text
    FROM changed
)"""
_RETURNING = "RETURNING id, state, cursor, serial_key, run_at"
_SELECT = "SELECT state, cursor, serial_key, run_at FROM changed"
_NO_LEASE = "lease_owner = '', lease_expires_at = NULL"


def _one(sql: str, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
    return first_row(sql, {"step": None, "detail": "", **parameters})


def _changed(row: tuple[Any, ...] | None) -> Changed | None:
    return None if row is None else Changed(JobState(row[0]), *row[1:])


_ENQUEUE = """
WITH made AS (
    INSERT INTO jobs_job (
        id, kind, definition, exclusive_key, serial_key, idempotency_key, inputs, requested_by_id, restart_of_id,
        state, cursor, step_count, created_at, run_at, deadline_at, rung_at, rings,
        version, serial_held, fence, lease_owner, claims, fruitless_claims, step_errors,
        error_code, error_message, error_id)
    SELECT %(id)s, %(kind)s::text, %(definition)s, %(exclusive_key)s::text, %(serial_key)s::text,
        %(idempotency_key)s::text, %(inputs)s::jsonb, %(requested_by)s::bigint, %(restart_of)s::uuid,
        'queued', %(cursor)s, jsonb_array_length(%(steps)s::jsonb), clock.now, clock.now,
        clock.now + %(deadline)s::float * interval '1 second', clock.now, 1,
        1, FALSE, 0, '', 0, 0, 0, '', '', ''
    FROM (SELECT clock_timestamp() AS now) AS clock
    ON CONFLICT DO NOTHING
    RETURNING id, created_at, deadline_at
), step AS (
    INSERT INTO jobs_jobstep (
        job_id, index, name, argument, state, op_key, output, kept, started_at, finished_at,
        attempt, fence, error_code, error_message)
    SELECT made.id, step.index, step.name, step.argument, step.state, step.op_key, step.output, step.kept,
        step.started_at, step.finished_at, 0, 0, '', ''
    FROM made, jsonb_to_recordset(%(steps)s::jsonb) AS step (
        index smallint, name text, argument text, state text, op_key uuid, output jsonb, kept boolean,
        started_at timestamptz, finished_at timestamptz)
    ORDER BY step.index
), event AS (
    INSERT INTO jobs_jobevent (job_id, at, name, state, step, actor, detail)
    SELECT id, created_at, 'enqueued', 'queued', NULL, %(actor)s::text, %(detail)s::text FROM made
)
SELECT created_at, deadline_at FROM made
"""


@dataclass(frozen=True)
class New:
    """A job to be written down. `steps` are values of JobStep, in order; `deadline` is in seconds."""

    id: UUID
    kind: str
    definition: int
    inputs: Mapping[str, Any]
    exclusive_key: str | None
    serial_key: str | None
    idempotency_key: str | None
    requested_by: int | None
    restart_of: UUID | None
    cursor: int
    deadline: float | None
    steps: Sequence[Mapping[str, Any]]


def enqueue(new: New, *, actor: str, detail: str = "") -> tuple[datetime, datetime | None] | None:
    """Write down a job, its steps and its first event; when that was, and the job's deadline.

    None: another job has its idempotency key, or is active under its exclusive key. The bell of the commit counts as
    rung, so that the reconciler does not ring right behind it.
    """
    # In the steps there are UUIDs and times, which PostgreSQL reads as Python writes them.
    values = {**vars(new), "inputs": json.dumps(new.inputs), "steps": json.dumps(new.steps, default=str)}
    row = _one(_ENQUEUE, {**values, "actor": actor, "detail": detail})
    return None if row is None else (row[0], row[1])


_CLAIMED = (
    "id, fence, kind, definition, cursor, step_count, step_errors, inputs, exclusive_key, requested_by_id"
)
# What the worker needs of the steps, in the same answer. `attempt` is the number of the one that begins or began.
_STEPS = """(
    SELECT jsonb_agg(jsonb_build_object(
        'index', step.index, 'name', step.name, 'argument', step.argument, 'attempt', step.attempt + {begun},
        'op_key', step.op_key, 'output', step.output, 'kept', step.kept, 'error_code', step.error_code
    ) ORDER BY step.index)
    FROM jobs_jobstep AS step WHERE step.job_id = {job}.id)"""
_CLAIM = f"""
WITH changed AS (
    UPDATE jobs_job AS job
    SET state = 'running', version = version + 1, fence = fence + 1, claims = claims + 1,
        fruitless_claims = fruitless_claims + 1, lease_owner = %(actor)s::text,
        lease_expires_at = clock_timestamp() + %(lease)s::float * interval '1 second',
        serial_held = serial_key IS NOT NULL, started_at = COALESCE(started_at, clock_timestamp())
    WHERE id = %(id)s AND state IN ('queued', 'waiting') AND run_at <= clock_timestamp()
      AND (deadline_at IS NULL OR deadline_at > clock_timestamp())
      AND (%(kinds)s::text[] IS NULL OR (kind, definition) IN (
          SELECT * FROM unnest(%(kinds)s::text[], %(definitions)s::integer[])))
      AND (serial_key IS NULL OR serial_held OR NOT EXISTS (
          SELECT 1 FROM jobs_job AS holder WHERE holder.serial_key = job.serial_key AND holder.serial_held))
    RETURNING *
), step AS (
    UPDATE jobs_jobstep AS step
    SET state = 'running', attempt = attempt + 1, fence = changed.fence,
        started_at = COALESCE(step.started_at, clock_timestamp())
    FROM changed WHERE step.job_id = changed.id AND step.index = changed.cursor
), {_EVENT}
SELECT {_CLAIMED}, {_STEPS.format(job="changed", begun="1")} FROM changed
"""


def claim(
    job_id: UUID, *, owner: Owner, lease: float = LEASE, kinds: Sequence[tuple[str, int]] | None = None
) -> Claim | None:
    """Take a due job into the hands of `owner` for `lease` seconds, if it is one of these `kinds` and versions.

    None when it is not due, already held, finished, of another kind, or another job holds its serial key. Two claims
    of one serial key at the same moment: the second gets django.db.IntegrityError, which the caller treats as None.
    """
    parameters = {"id": job_id, "actor": str(owner), "lease": lease, "event": "claimed"}
    names = None if kinds is None else [name for name, _ in kinds]
    definitions = None if kinds is None else [version for _, version in kinds]
    return _claimed(_one(_CLAIM, {**parameters, "kinds": names, "definitions": definitions}))


# The step at the cursor has begun already.
_CLAIMED_ALREADY = f"""
WITH changed AS (
    UPDATE jobs_job SET lease_expires_at = clock_timestamp() + %(lease)s::float * interval '1 second'
    WHERE id = %(id)s AND lease_owner = %(actor)s::text AND state = 'running'
    RETURNING {_CLAIMED}
)
SELECT {_CLAIMED}, {_STEPS.format(job="changed", begun="(step.index <> changed.cursor)::integer")} FROM changed
"""


def claimed_already(job_id: UUID, *, owner: Owner, lease: float = LEASE) -> Claim | None:
    """The claim of `owner` whose answer was lost on its way back, its lease begun anew. None: there was none."""
    return _claimed(_one(_CLAIMED_ALREADY, {"id": job_id, "actor": str(owner), "lease": lease}))


def _claimed(row: tuple[Any, ...] | None) -> Claim | None:
    if row is None:
        return None
    values = dict(zip([*_CLAIMED.split(", "), "steps"], row, strict=True))
    # Django leaves jsonb as text to whoever reads with a cursor.
    return Claim(**{**values, "inputs": json.loads(values["inputs"]), "steps": json.loads(values["steps"])})


_HEARTBEAT = """
UPDATE jobs_job SET lease_expires_at = clock_timestamp() + %(lease)s::float * interval '1 second'
WHERE id = %(id)s AND fence = %(fence)s AND state IN ('running', 'cancelling')
RETURNING state
"""


def heartbeat(job_id: UUID, *, fence: int, lease: float = LEASE) -> JobState | None:
    """Prolong the lease; the job's state, or None when the lease is not ours any more."""
    row = _one(_HEARTBEAT, {"id": job_id, "fence": fence, "lease": lease})
    return None if row is None else JobState(row[0])


_ADVANCE = f"""
WITH changed AS (
    UPDATE jobs_job
    SET cursor = cursor + 1, version = version + 1, fruitless_claims = 0, step_errors = 0,
        lease_expires_at = clock_timestamp() + %(lease)s::float * interval '1 second'
    WHERE id = %(id)s AND fence = %(fence)s AND cursor = %(step)s AND state IN ('running', 'cancelling')
    {_RETURNING}
), done AS (
    UPDATE jobs_jobstep AS step
    SET state = 'done', output = %(output)s::jsonb, finished_at = clock_timestamp(), error_code = '', error_message = ''
    FROM changed WHERE step.job_id = changed.id AND step.index = %(step)s
), following AS (
    UPDATE jobs_jobstep AS step
    SET state = 'running', attempt = attempt + 1, fence = %(fence)s,
        started_at = COALESCE(step.started_at, clock_timestamp())
    FROM changed WHERE step.job_id = changed.id AND step.index = changed.cursor AND changed.state = 'running'
), {_EVENT}
{_SELECT}
"""


def advance(
    job_id: UUID, *, fence: int, step: int, output: Mapping[str, Any], actor: str, lease: float = LEASE
) -> Changed | None:
    """Step number `step` is done with this output and the next one begins. None: the fence refused."""
    parameters = {"id": job_id, "fence": fence, "step": step, "output": json.dumps(output), "lease": lease}
    return _changed(_one(_ADVANCE, {**parameters, "actor": actor, "event": "advanced"}))


_FINISH = f"""
WITH before AS (
    SELECT state FROM jobs_job WHERE id = %(id)s
), changed AS (
    UPDATE jobs_job
    SET cursor = cursor + 1, version = version + 1, fruitless_claims = 0, step_errors = 0, state = 'succeeded',
        {_NO_LEASE}, serial_held = FALSE, finished_at = clock_timestamp()
    WHERE id = %(id)s AND fence = %(fence)s AND cursor = %(step)s AND state IN ('running', 'cancelling')
    {_RETURNING}
), done AS (
    UPDATE jobs_jobstep AS step
    SET state = 'done', output = %(output)s::jsonb, finished_at = clock_timestamp(), error_code = '', error_message = ''
    FROM changed WHERE step.job_id = changed.id AND step.index = %(step)s
), event AS (
    INSERT INTO jobs_jobevent (job_id, at, name, state, step, actor, detail)
    SELECT changed.id, clock_timestamp(), happened.name, happened.state, %(step)s, %(actor)s::text, ''
    FROM changed, before, LATERAL (
        VALUES (1, 'advanced', before.state), (2, %(event)s::text, changed.state)) AS happened (number, name, state)
    ORDER BY happened.number
)
{_SELECT}
"""


def finish(job_id: UUID, *, fence: int, step: int, output: Mapping[str, Any], actor: str) -> Changed | None:
    """The last step, number `step`, is done with this output, and so is the job. None: the fence refused.

    A cancellation that came during the last step came too late.
    """
    parameters = {"id": job_id, "fence": fence, "step": step, "output": json.dumps(output)}
    return _changed(_one(_FINISH, {**parameters, "actor": actor, "event": "succeeded"}))


_ADVANCED_ALREADY = """
SELECT job.state, job.cursor, job.serial_key, job.run_at
FROM jobs_job AS job JOIN jobs_jobstep AS step ON step.job_id = job.id
WHERE job.id = %(id)s AND job.fence = %(fence)s AND step.index = %(step)s AND step.state = 'done'
  AND step.fence = %(fence)s
"""


def advanced_already(job_id: UUID, *, fence: int, step: int) -> Changed | None:
    """The checkpoint of this claim whose answer was lost on its way back. None: it was not written."""
    return _changed(_one(_ADVANCED_ALREADY, {"id": job_id, "fence": fence, "step": step}))


_PAUSE = f"""
WITH changed AS (
    UPDATE jobs_job
    SET state = 'waiting', version = version + 1, {_NO_LEASE}, fruitless_claims = 0,
        step_errors = step_errors + %(charge)s::integer, rung_at = NULL, rings = 0,
        run_at = clock_timestamp() + %(delay)s::float * interval '1 second'
    WHERE id = %(id)s AND fence = %(fence)s AND state = 'running'
    {_RETURNING}
), step AS (
    UPDATE jobs_jobstep AS step
    SET state = 'waiting', error_code = %(error_code)s::text, error_message = %(error_message)s::text
    FROM changed WHERE step.job_id = changed.id AND step.index = changed.cursor
), {_EVENT}
{_SELECT}
"""


def pause(
    job_id: UUID,
    *,
    fence: int,
    step: int,
    delay: float,
    actor: str,
    event: str = "paused",
    charged: bool = False,
    error_code: str = "",
    error_message: str = "",
) -> Changed | None:
    """Give the job back, to be taken again in `delay` seconds. None: refused (a cancellation came in between,
    or the fence)."""
    return _changed(
        _one(
            _PAUSE,
            {
                "id": job_id,
                "fence": fence,
                "step": step,
                "delay": delay,
                "charge": int(charged),
                "error_code": error_code,
                "error_message": error_message,
                "detail": error_message,
                "actor": actor,
                "event": event,
            },
        )
    )


_END = f"""
WITH changed AS (
    UPDATE jobs_job
    SET state = %(state)s::text, version = version + 1, {_NO_LEASE}, serial_held = FALSE,
        finished_at = clock_timestamp(),
        error_code = %(error_code)s::text, error_message = %(error_message)s::text, error_id = %(error_id)s::text
    WHERE id = %(id)s AND state = ANY(%(sources)s::text[])
      AND (%(fence)s::integer IS NULL OR fence = %(fence)s::integer)
    {_RETURNING}
), step AS (
    UPDATE jobs_jobstep AS step
    SET state = CASE WHEN %(error_code)s::text = '' THEN 'pending' ELSE 'failed' END,
        error_code = %(error_code)s::text, error_message = %(error_message)s::text
    FROM changed
    WHERE step.job_id = changed.id AND step.index = changed.cursor AND step.state <> 'done'
), {_EVENT}
{_SELECT}
"""


def end(
    job_id: UUID,
    *,
    fence: int | None,
    sources: Sequence[JobState],
    ending: Ending,
    actor: str,
    step: int | None,
) -> Changed | None:
    """Bring a job to one of its final states, from one of `sources`. None: refused."""
    return _changed(
        _one(
            _END,
            {
                "id": job_id,
                "fence": fence,
                "sources": [source.value for source in sources],
                "state": ending.state.value,
                "event": ending.event,
                "error_code": ending.error_code,
                "error_message": ending.error_message,
                "error_id": ending.error_id,
                "detail": ending.error_message,
                "step": step,
                "actor": actor,
            },
        )
    )


_REQUEST_CANCEL = f"""
WITH changed AS (
    UPDATE jobs_job
    SET state = 'cancelling', version = version + 1, cancel_requested_at = clock_timestamp(),
        cancel_requested_by_id = %(user)s
    WHERE id = %(id)s AND state = 'running'
    {_RETURNING}
), {_EVENT}
{_SELECT}
"""


def request_cancel(job_id: UUID, *, user_id: int | None, actor: str) -> Changed | None:
    """Ask the worker that holds the job to stop at its next checkpoint. None: nobody holds it."""
    return _changed(
        _one(_REQUEST_CANCEL, {"id": job_id, "user": user_id, "actor": actor, "event": "cancel-requested"})
    )


_LOSE_LEASE = f"""
WITH changed AS (
    UPDATE jobs_job
    SET state = 'waiting', version = version + 1, fence = fence + 1, {_NO_LEASE}, run_at = clock_timestamp(),
        rung_at = NULL, rings = 0
    WHERE id = %(id)s AND fence = %(fence)s AND state = 'running'
    {_RETURNING}
), step AS (
    UPDATE jobs_jobstep AS step
    SET state = 'waiting', error_code = %(error_code)s::text, error_message = %(detail)s::text
    FROM changed WHERE step.job_id = changed.id AND step.index = changed.cursor AND step.state = 'running'
), {_EVENT}
{_SELECT}
"""


def lose_lease(job_id: UUID, *, fence: int, actor: str, detail: str) -> Changed | None:
    """Take the job from a worker that is gone; its fence is worth nothing from now on. None: refused."""
    return _changed(
        _one(
            _LOSE_LEASE,
            {
                "id": job_id,
                "fence": fence,
                "actor": actor,
                "detail": detail,
                "error_code": INTERRUPTED,
                "event": "lease-lost",
            },
        )
    )

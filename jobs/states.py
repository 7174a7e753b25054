"""The states of a job and every transition that there is, as data.

`docs/states.md` is rendered from this table (`manage.py render_states`), and tests hold the code and the
database's constraints to it. Pure: neither Django nor Celery.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"

    @property
    def active(self) -> bool:
        """It will go on by itself."""
        return self in ACTIVE


class StepState(StrEnum):
    """Where a step of a job stands."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


# A worker holds it, with a lease.
LEASED = frozenset({JobState.RUNNING, JobState.CANCELLING})
# No worker holds it, and one should once `run_at` has come.
CLAIMABLE = frozenset({JobState.QUEUED, JobState.WAITING})
ACTIVE = LEASED | CLAIMABLE
FINISHED = frozenset(JobState) - ACTIVE
# Ended in a way that a person may want to take up again.
RESTARTABLE = FINISHED - {JobState.SUCCEEDED}
# Ended in a way that wants somebody's attention.
ATTENTION = RESTARTABLE - {JobState.CANCELLED}

MEANINGS: dict[JobState, str] = {
    JobState.QUEUED: "accepted; waits for a worker",
    JobState.RUNNING: "a worker holds it and does one step after the other",
    JobState.WAITING: "waits for a time: the other side still works, or an attempt is made again later",
    JobState.CANCELLING: "a person cancelled it; the worker has not confirmed yet",
    JobState.SUCCEEDED: "every step is done",
    JobState.FAILED: "a step failed for good",
    JobState.BLOCKED: "a right is missing: an administrator must act, then restart it",
    JobState.CANCELLED: "stopped by a person",
    JobState.QUARANTINED: "its workers died over it again and again, so nobody takes it any more",
}


@dataclass(frozen=True)
class Transition:
    """One permitted change: `name` is what the event table records, `by` who may cause it."""

    name: str
    sources: frozenset[JobState]
    target: JobState
    by: str
    meaning: str


def _from(*states: JobState) -> frozenset[JobState]:
    return frozenset(states)


TRANSITIONS: tuple[Transition, ...] = (
    Transition(
        "enqueued", frozenset(), JobState.QUEUED, "service", "the job and its steps are in the database"
    ),
    Transition("claimed", CLAIMABLE, JobState.RUNNING, "worker", "the fence grows by one, a lease begins"),
    Transition("advanced", LEASED, JobState.RUNNING, "worker", "a step is done and the next one begins"),
    Transition("succeeded", LEASED, JobState.SUCCEEDED, "worker", "the last step is done"),
    Transition("paused", _from(JobState.RUNNING), JobState.WAITING, "worker", "the step is run again later"),
    Transition(
        "released", _from(JobState.RUNNING), JobState.WAITING, "worker", "a deploy: another worker goes on"
    ),
    Transition("failed", _from(JobState.RUNNING), JobState.FAILED, "worker", "a step failed for good"),
    Transition("blocked", _from(JobState.RUNNING), JobState.BLOCKED, "worker", "a right is missing"),
    Transition("cancelled", CLAIMABLE, JobState.CANCELLED, "service", "nobody held it, so it ends at once"),
    Transition(
        "cancel-requested", _from(JobState.RUNNING), JobState.CANCELLING, "service", "its worker is told"
    ),
    Transition(
        "cancel-confirmed", _from(JobState.CANCELLING), JobState.CANCELLED, "worker", "its worker stopped"
    ),
    Transition("lease-lost", _from(JobState.RUNNING), JobState.WAITING, "reconciler", "its worker is gone"),
    Transition(
        "cancel-confirmed-for",
        _from(JobState.CANCELLING),
        JobState.CANCELLED,
        "reconciler",
        "its worker is gone",
    ),
    Transition(
        "quarantined",
        _from(JobState.RUNNING),
        JobState.QUARANTINED,
        "reconciler",
        "four workers died over it",
    ),
    Transition(
        "deadline-passed", ACTIVE, JobState.FAILED, "reconciler", "it took longer than its kind may take"
    ),
)
BY_NAME: dict[str, Transition] = {transition.name: transition for transition in TRANSITIONS}


def diagram() -> str:
    """The table of transitions as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for transition in TRANSITIONS:
        sources = [str(source) for source in sorted(transition.sources)] or ["[*]"]
        for source in sources:
            target = source if transition.name == "advanced" else transition.target
            lines.append(f"    {source} --> {target}: {transition.name}")
    lines += [f"    {state} --> [*]" for state in sorted(FINISHED)]
    return "\n".join(lines)


def document() -> str:
    """The whole of docs/states.md."""
    states = "\n".join(f"| `{state}` | {MEANINGS[state]} |" for state in JobState)
    rows = "\n".join(
        f"| {t.name} | {', '.join(sorted(t.sources)) or '—'} | "
        f"{'unchanged' if t.name == 'advanced' else t.target} | {t.by} | {t.meaning} |"
        for t in TRANSITIONS
    )
    return (
        "# States of a job\n\n"
        "Rendered from `jobs/states.py` by `python manage.py render_states`; a test keeps it in step.\n\n"
        f"```mermaid\n{diagram()}\n```\n\n"
        f"| state | meaning |\n|---|---|\n{states}\n\n"
        f"| transition | from | to | by | meaning |\n|---|---|---|---|---|\n{rows}\n"
    )

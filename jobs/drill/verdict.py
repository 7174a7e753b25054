"""What became of the drill's jobs: were all of them done, and nothing twice?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from jobs.drill.toys import DRILL, STAMPED
from jobs.drill.world import World
from jobs.models import Job, JobStep
from jobs.registry import Effect
from jobs.states import JobState, StepState


@dataclass
class Tried:
    """The jobs of an exercise. `repeats`: how often a step may have begun anew, since its worker was killed in it."""

    jobs: list[UUID] = field(default_factory=list)
    repeats: int = 0
    expected: JobState = JobState.SUCCEEDED


def flaws(tried: Tried, world: World) -> list[str]:
    """What was lost or done twice, a sentence each."""
    found = []
    again = 0
    for job_id in tried.jobs:
        job = Job.objects.filter(pk=job_id).first()
        if job is None:
            found.append(f"job {job_id} is lost: its row is gone")
            continue
        if job.state != tried.expected:
            found.append(f"job {job_id} is {job.state}, not {tried.expected}")
        steps = list(job.steps.all())
        again += sum(max(0, world.begun(step.op_key) - 1) for step in steps)
        found += _flaws_of(job, steps, world)
    if again > tried.repeats:
        found.append(f"steps were begun anew {again} times, where {tried.repeats} are accounted for")
    return found


def _flaws_of(job: Job, steps: list[JobStep], world: World) -> Iterator[str]:
    events = Counter(job.events.values_list("name", "step"))
    for step in steps:
        done = step.state == StepState.DONE
        where = f"job {job.id}, step {step.index} ({step.name})"
        if done and (count := events["advanced", step.index]) != 1:
            yield f"{where}: its end is written down {count} times"
        if DRILL.step(step.name).effect is Effect.DATABASE_ONLY:
            made = events[STAMPED, step.index]
        else:
            made = world.made(step.op_key)
        if made > 1:
            yield f"{where}: its effect was made {made} times"
        if done and not made:
            yield f"{where}: it is done, and its effect is lost"

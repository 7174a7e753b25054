"""What the drill tries, one function each. They return the jobs to be judged, and raise Broken when nothing comes
of what should come.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from jobs import doorbell, services
from jobs.drill import KEY, KIND, mailbox, toys
from jobs.drill.crew import Crew
from jobs.drill.verdict import Tried
from jobs.drill.world import World
from jobs.models import Job
from jobs.services import AlreadyActive
from jobs.states import ACTIVE, JobState

CALLERS = 8
MANY = 10
LOOK_EVERY = 0.05  # seconds


# Set by a signal, and looked at where the drill may stop: an exception out of a handler can get lost.
told_to_go = threading.Event()


class Broken(Exception):
    """Something that must come did not come."""


@dataclass
class Site:
    """Where the drill takes place. `patience` is how many seconds it waits for anything."""

    id: str
    world: World
    crew: Crew
    patience: float
    jobs: list[UUID] = field(default_factory=list)

    def enqueue(self, *steps: str, key: str | None = None, idempotency_key: str | None = None) -> Job:
        job = services.enqueue(
            kind=KIND,
            inputs={"steps": list(steps), "world": str(self.world.folder)},
            exclusive_key=key or self.key(),
            idempotency_key=idempotency_key,
        )
        self.jobs.append(job.id)
        return job

    def key(self) -> str:
        """An exclusive key of this drill that nothing else has."""
        return f"{KEY}{self.id}:{uuid4()}"

    def until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + self.patience
        while not condition():
            if told_to_go.is_set():
                raise SystemExit(143)
            if time.monotonic() > end:
                raise Broken(f"{what}: waited {self.patience:.0f} s in vain")
            time.sleep(LOOK_EVERY)

    def until_ended(self, *jobs: UUID) -> None:
        active = Job.objects.filter(pk__in=jobs, state__in=[state.value for state in ACTIVE])
        self.until(lambda: not active.exists(), "the end of the jobs")

    def start_worker(self) -> None:
        self.crew.start()
        self.until(lambda: self.crew.is_ready, "a worker that listens")

    def until_at_gate(self, job: Job) -> int:
        """Wait until a worker is in the middle of the job's gate; the process that is."""
        self.until(lambda: self.world.waits(job.id), "a worker at the gate")
        job.refresh_from_db()
        if not job.lease_owner:
            raise Broken("a step goes on, and nobody holds its job")
        return int(job.lease_owner.rsplit("/", 2)[1])


Exercise = Callable[[Site], Tried]


def kill_a_process(site: Site) -> Tried:
    job = site.enqueue("make", "gate", "stamp", "make")
    site.crew.send(site.until_at_gate(job), signal.SIGKILL)
    site.world.open(job.id)
    site.until_ended(job.id)
    return Tried([job.id], repeats=1)


def kill_the_worker(site: Site) -> Tried:
    jobs = [site.enqueue("make", "gate", "stamp", "make") for _ in range(3)]
    site.until(lambda: any(site.world.waits(job.id) for job in jobs), "a worker at the gate")
    for pid in site.crew.alive:
        site.crew.send(pid, signal.SIGKILL)
    site.until(lambda: not site.crew.alive, "the end of the worker")
    for job in jobs:
        site.world.open(job.id)
    site.start_worker()
    site.until_ended(*(job.id for job in jobs))
    return Tried([job.id for job in jobs], repeats=len(jobs))


def kill_every_time(site: Site) -> Tried:
    poison = site.enqueue("die", "make")
    others = [site.enqueue("make", "stamp") for _ in range(3)]
    site.until_ended(poison.id, *(job.id for job in others))
    still = Job.objects.filter(pk__in=[job.id for job in others]).exclude(state=JobState.SUCCEEDED.value)
    if still.exists():
        raise Broken("a job beside the poisonous one did not succeed")
    return Tried([poison.id], repeats=3, expected=JobState.QUARANTINED)


def deploy(site: Site) -> Tried:
    job = site.enqueue("make", "gate", "make", "stamp")
    site.until_at_gate(job)
    for pid in site.crew.alive:
        site.crew.send(pid, signal.SIGTERM)
    site.until(lambda: not site.crew.alive, "the end of a worker that was told to go")
    job.refresh_from_db()
    if job.state != JobState.WAITING:
        raise Broken(f"its worker went, and the job is {job.state}")
    site.world.open(job.id)
    site.start_worker()
    site.until_ended(job.id)
    return Tried([job.id], repeats=1)


def wake_too_late(site: Site) -> Tried:
    job = site.enqueue("make", f"gate:{toys.DEAF}", "stamp", "make")
    stopped: list[int] = []
    try:
        stopped.append(_put_to_sleep(site, job))
        # As if it had slept for as long as its lease.
        Job.objects.filter(pk=job.id).update(lease_expires_at=Now() - timedelta(seconds=1))
        stopped.append(_put_to_sleep(site, job))
        if stopped[0] == stopped[1]:
            raise Broken("a process that sleeps was given its job again")
        site.world.open(job.id)
        site.crew.send(stopped[0], signal.SIGCONT)
        # In the middle of another job, it has had its say about this one.
        other = site.enqueue("gate")
        if site.until_at_gate(other) != stopped[0]:
            raise Broken("a process that sleeps took a job")
        job.refresh_from_db()
        if (job.cursor, job.job_state) != (1, JobState.RUNNING):
            raise Broken("the late word of a process that lost its job was accepted")
        site.world.open(other.id)
    finally:
        for pid in stopped:
            site.crew.send(pid, signal.SIGCONT)
    site.until_ended(job.id, other.id)
    return Tried([job.id, other.id], repeats=1)


def _put_to_sleep(site: Site, job: Job) -> int:
    """Stop the process that is at the job's gate: which one it was."""
    pid = site.until_at_gate(job)
    site.crew.send(pid, signal.SIGSTOP)
    site.world.forget_waiting(job.id)
    return pid


def double_messages(site: Site) -> Tried:
    jobs = [site.enqueue("make", "stamp", "make") for _ in range(MANY)]
    for _ in range(2):
        for job in jobs:
            doorbell.ring(job.id)
    site.until_ended(*(job.id for job in jobs))
    for job in jobs:
        doorbell.ring(job.id)
    last = site.enqueue("make")
    site.until_ended(last.id)
    site.until(lambda: mailbox.size() == 0, "the last message")
    return Tried([*(job.id for job in jobs), last.id])


def race(site: Site) -> Tried:
    jobs: list[UUID] = []
    for number in range(3):
        jobs += _one_of(site, key=site.key())
        jobs += _one_of(site, key=None, idempotency_key=f"{KEY}{site.id}:{number}")
    for job_id in jobs:
        site.world.open(job_id)
    site.until_ended(*jobs)
    return Tried(jobs)


def _one_of(site: Site, **keys: str | None) -> list[UUID]:
    """Many callers want the same at the same moment."""
    made, refused = _together(lambda: site.enqueue("gate", "stamp", **keys))
    told = CALLERS - 1 if keys["key"] else 0
    if len(made) != 1 or len(refused) != told:
        raise Broken(f"{CALLERS} callers at once made {len(made)} jobs, and {len(refused)} were refused")
    return made


def _together(call: Callable[[], Job]) -> tuple[list[UUID], list[AlreadyActive]]:
    """Call at the same moment, from many threads: the jobs that came of it, and who was refused."""
    barrier = threading.Barrier(CALLERS)
    made: set[UUID] = set()
    refused: list[AlreadyActive] = []

    def caller() -> None:
        try:
            barrier.wait()
            made.add(call().id)
        except AlreadyActive as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(made), refused


def flush(site: Site) -> Tried:
    site.crew.kill()
    mailbox.size()  # by its answer, the broker has noticed that they hung up
    jobs = [site.enqueue("make", "stamp", "make") for _ in range(MANY)]
    gone = mailbox.empty()
    if gone != len(jobs):
        raise Broken(f"{len(jobs)} messages were sent, and {gone} were in the queue")
    # As if half a minute had gone by since the bell of their commit: earlier no reconciler rings again.
    Job.objects.filter(Q(pk__in=[job.id for job in jobs])).update(
        rung_at=F("rung_at") - timedelta(seconds=31)
    )
    site.start_worker()
    site.until_ended(*(job.id for job in jobs))
    return Tried([job.id for job in jobs])


EXERCISES: Mapping[str, tuple[str, Exercise]] = {
    "kill-process": ("kill -9 of a process in the middle of a step", kill_a_process),
    "kill-worker": ("kill -9 of the whole worker", kill_the_worker),
    "poison": ("a job that kills every worker is set aside, others go on", kill_every_time),
    "deploy": ("a worker that is told to go gives its job back", deploy),
    "zombie": ("a worker that sleeps past its lease, and wakes", wake_too_late),
    "double": ("every message three times, and once after the end", double_messages),
    "race": (f"{CALLERS} callers at the same moment", race),
    "flush": ("the queue is flushed", flush),
}


def named(names: Sequence[str]) -> Mapping[str, tuple[str, Exercise]]:
    """Those of these names, in the order of the table; all of them for none."""
    return {name: entry for name, entry in EXERCISES.items() if not names or name in names}

"""Workers that are killed, frozen, poisoned."""

from __future__ import annotations

import os
import signal
import time

from jobs.states import JobState
from tests.faults.crew import LEASE, Crew, all_succeed, holding, reaches, read, runs, world
from tests.jobs.conftest import Enqueue
from tests.waiting import until


def test_death_at_every_boundary_and_in_every_step(crew: Crew, enqueue: Enqueue) -> None:
    steps = ("note:a", "make", "write", "note:b")
    for index in range(len(steps)):
        for point in ("in", "inside", "after"):
            (crew.folder / f"{point}-{index}").touch()
    crew.start()
    job = enqueue(*steps)
    all_succeed([job], seconds=60)
    names = list(job.events.values_list("name", flat=True))
    assert names.count("advanced") == len(steps)
    assert names.count("written") == 1  # a step in the database alone happens once, however often it is tried
    assert runs(job, 0) == 3  # done, done again, committed
    assert names.count("lease-lost") >= 2 * len(steps)


def test_the_job_of_a_dead_process_goes_on_within_two_seconds(crew: Crew, enqueue: Enqueue) -> None:
    crew.start()
    job = enqueue("note", "hold")
    os.kill(holding(job), signal.SIGKILL)
    killed = time.monotonic()
    until(lambda: read(job).claims == 2, seconds=8, what="the second claim")
    took = time.monotonic() - killed
    (world(job) / "go").touch()
    all_succeed([job])
    assert took < 2, f"{took:.2f} s"


def test_death_of_the_whole_group(crew: Crew, enqueue: Enqueue) -> None:
    worker = crew.start()
    jobs = [enqueue("note", "hold", "make"), enqueue("hold", "make")]
    for job in jobs:
        until(lambda job=job: read(job).state == JobState.RUNNING, what="the job")  # type: ignore[misc]
    crew.kill(worker)
    for job in jobs:
        (world(job) / "go").touch()
    crew.start()
    all_succeed(jobs, seconds=15)


def test_a_worker_elsewhere_is_taken_over_after_one_lease(crew: Crew, enqueue: Enqueue) -> None:
    """Of another host nothing can be known, so only the lease tells; here it stands for one that lost its network."""
    crew.start()
    job = enqueue("hold")
    pid = holding(job)
    os.kill(pid, signal.SIGSTOP)
    frozen = time.monotonic()
    until(lambda: read(job).claims == 2, seconds=8, what="the second claim")
    took = time.monotonic() - frozen
    (world(job) / "go").touch()
    all_succeed([job])
    before = read(job)
    os.kill(pid, signal.SIGCONT)  # now it says, too late, that it has done it
    until(lambda: "is another worker's now" in crew.log.read_text(), what="the refusal")
    assert read(job).version == before.version
    assert took < LEASE + 2, f"{took:.2f} s"


def test_poison_and_a_stuck_step_are_quarantined_while_others_finish(crew: Crew, enqueue: Enqueue) -> None:
    crew.start()
    poison, stuck = enqueue("note", "die"), enqueue("stuck:3600")
    others = [enqueue("note", "make") for _ in range(10)]
    all_succeed(others, seconds=40)
    for job in (reaches(poison, JobState.QUARANTINED), reaches(stuck, JobState.QUARANTINED, seconds=40)):
        assert (job.fruitless_claims, len(job.error_id)) == (4, 8)
    # The first claim of the poison one was not in vain: it did the step before.
    assert (runs(poison, 1), runs(stuck, 0)) == (5, 4)


def test_a_step_longer_than_the_lease_is_done_once(crew: Crew, enqueue: Enqueue) -> None:
    crew.start()
    job = enqueue(f"slow:{LEASE * 1.7}", "note")
    all_succeed([job], seconds=10)
    assert (runs(job), read(job).claims) == (1, 1)

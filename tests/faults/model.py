"""The state machine of jobs as a pure model: what the engine must say after every action, without a database."""

from __future__ import annotations

from dataclasses import dataclass, field

LEASE, PAUSE = 60, 20  # seconds
POISON = 4
ACTIVE = {"queued", "waiting", "running", "cancelling"}
RESTARTABLE = {"failed", "cancelled", "quarantined"}


@dataclass
class Model:
    """One job."""

    steps: int
    exclusive: str | None
    serial: str | None
    order: int
    run_at: int
    state: str = "queued"
    cursor: int = 0
    fence: int = 0
    fruitless: int = 0
    holds_serial: bool = False
    holder: int | None = None
    lease_until: int = 0
    restarted: bool = False

    @property
    def seen(self) -> tuple[str, int, int, int, bool]:
        return self.state, self.cursor, self.fence, self.fruitless, self.holds_serial

    def _let_go(self, state: str) -> None:
        self.state, self.holder = state, None
        if state not in ACTIVE:
            self.holds_serial = False


@dataclass
class Machine:
    """All of them, and the clock."""

    now: int = 0
    jobs: list[Model] = field(default_factory=list)

    def may_enqueue(self, exclusive: str | None) -> bool:
        return exclusive is None or not any(j.exclusive == exclusive and j.state in ACTIVE for j in self.jobs)

    def enqueue(self, steps: int, exclusive: str | None, serial: str | None, *, cursor: int = 0) -> Model:
        job = Model(steps, exclusive, serial, len(self.jobs), self.now, cursor=cursor)
        self.jobs.append(job)
        return job

    def claim(self, job: Model, worker: int) -> bool:
        free = (
            job.serial is None
            or job.holds_serial
            or not any(other.serial == job.serial and other.holds_serial for other in self.jobs)
        )
        if job.state not in {"queued", "waiting"} or job.run_at > self.now or not free:
            return False
        job.state, job.holder, job.lease_until = "running", worker, self.now + LEASE
        job.fence, job.fruitless, job.holds_serial = job.fence + 1, job.fruitless + 1, job.serial is not None
        return True

    def holds(self, job: Model, fence: int) -> bool:
        return job.fence == fence and job.state in {"running", "cancelling"}

    def advance(self, job: Model, fence: int) -> bool:
        """A step is done; after the last one the job is."""
        if not self.holds(job, fence):
            return False
        job.cursor, job.fruitless, job.lease_until = job.cursor + 1, 0, self.now + LEASE
        if job.cursor == job.steps:
            job._let_go("succeeded")
        return True

    def beat(self, job: Model, fence: int) -> bool:
        if not self.holds(job, fence):
            return False
        job.lease_until = self.now + LEASE
        return True

    def pause(self, job: Model, fence: int) -> bool:
        if not self.holds(job, fence) or job.state != "running":
            return False
        job._let_go("waiting")
        job.fruitless, job.run_at = 0, self.now + PAUSE
        return True

    def fail(self, job: Model, fence: int) -> bool:
        if not self.holds(job, fence) or job.state != "running":
            return False
        job._let_go("failed")
        return True

    def cancel(self, job: Model) -> str:
        """What the person is told."""
        if job.state in {"queued", "waiting"}:
            job._let_go("cancelled")
        elif job.state == "running":
            job.state = "cancelling"
        elif job.state not in ACTIVE:
            return "ended"
        return job.state

    def recover(self, dead: set[int]) -> None:
        for job in self.jobs:
            if job.state not in {"running", "cancelling"}:
                continue
            if job.lease_until > self.now and job.holder not in dead:
                continue
            if job.state == "cancelling":
                job._let_go("cancelled")
            elif job.fruitless >= POISON:
                job._let_go("quarantined")
            else:
                job._let_go("waiting")
                job.fence, job.run_at = job.fence + 1, self.now

"""Random interleavings of all that can happen to jobs, against the pure model of the state machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from jobs import reconciler, services, settle, transitions
from jobs.models import Job
from jobs.owner import Owner
from jobs.states import LEASED, JobState
from jobs.transitions import Ending
from tests.faults import invariants
from tests.faults.model import LEASE, PAUSE, RESTARTABLE, Machine, Model
from tests.faults.servers import Server
from tests.jobs import toys
from tests.jobs.conftest import Enqueue

EXAMPLES, STEPS = 500, 15
# Seconds; no sum of them comes so close to a lease or a pause that the time the test itself takes would matter.
JUMPS = (7, 33, 61)


def _owner(worker: int, *, alive: bool) -> Owner:
    """A worker that cannot be told to be dead from here, or one that can."""
    return Owner("other-boot/1" if alive else Owner.here().neighbourhood, 990_000_000 + worker, 1)


@dataclass(frozen=True)
class Hand:
    """A claim in a worker's hands, maybe long lost."""

    job: Any
    model: Model
    fence: int


class Soak(RuleBasedStateMachine):
    """Every rule does the same to the engine and to the model, and both must say the same of it."""

    enqueue: Enqueue
    world: Any

    jobs = Bundle("jobs")
    hands = Bundle("hands")

    def __init__(self) -> None:
        super().__init__()
        Job.objects.all().delete()
        self.machine = Machine()
        self.pairs: list[tuple[Any, Model]] = []
        self.dead: set[int] = set()
        self.workers = 0

    @rule(
        target=jobs,
        steps=st.integers(1, 3),
        exclusive=st.sampled_from([None, "a", "b"]),
        serial=st.sampled_from([None, "x"]),
    )
    def put(self, steps: int, exclusive: str | None, serial: str | None) -> Any:
        if not self.machine.may_enqueue(exclusive):
            with pytest.raises(services.AlreadyActive):
                self.enqueue(*["note"] * steps, exclusive_key=exclusive, serial_key=serial)
            return multiple()
        job = self.enqueue(*["note"] * steps, exclusive_key=exclusive, serial_key=serial)
        return self._pair(job, self.machine.enqueue(steps, exclusive, serial))

    def _pair(self, job: Job, model: Model) -> tuple[Any, Model]:
        self.pairs.append((job.id, model))
        return self.pairs[-1]

    @rule(target=hands, pair=jobs)
    def claim(self, pair: tuple[Any, Model]) -> Any:
        self.workers += 1
        claim = transitions.claim(pair[0], owner=_owner(self.workers, alive=True), lease=LEASE)
        assert (claim is not None) == self.machine.claim(pair[1], self.workers)
        return Hand(*pair, claim.fence) if claim else multiple()

    @rule(hand=hands)
    def advance(self, hand: Hand) -> None:
        step = hand.model.cursor
        last = step + 1 == hand.model.steps
        changed = transitions.advance(
            hand.job, fence=hand.fence, step=step, output={}, actor="a", lease=LEASE
        )
        if changed and last:
            ending = Ending(JobState.SUCCEEDED, "succeeded")
            assert settle.end(hand.job, ending=ending, sources=sorted(LEASED), actor="a", fence=hand.fence)
        assert (changed is not None) == self.machine.advance(hand.model, hand.fence)

    @rule(hand=hands)
    def beat(self, hand: Hand) -> None:
        state = transitions.heartbeat(hand.job, fence=hand.fence, lease=LEASE)
        assert (state is not None) == self.machine.beat(hand.model, hand.fence)

    @rule(hand=hands)
    def pause(self, hand: Hand) -> None:
        changed = transitions.pause(
            hand.job, fence=hand.fence, step=hand.model.cursor, delay=PAUSE, actor="a"
        )
        assert (changed is not None) == self.machine.pause(hand.model, hand.fence)

    @rule(hand=hands)
    def fail(self, hand: Hand) -> None:
        ending = Ending(JobState.FAILED, "failed", "never", "Never.")
        changed = settle.end(hand.job, ending=ending, sources=[JobState.RUNNING], actor="a", fence=hand.fence)
        assert (changed is not None) == self.machine.fail(hand.model, hand.fence)

    @rule(pair=jobs)
    def cancel(self, pair: tuple[Any, Model]) -> None:
        try:
            said = services.cancel(job_id=pair[0], requested_by=None).value
        except services.NotCancellable:
            said = "ended"
        assert said == self.machine.cancel(pair[1])

    @rule(target=jobs, pair=jobs)
    def restart(self, pair: tuple[Any, Model]) -> Any:
        old = pair[1]
        allowed = old.state in RESTARTABLE and not old.restarted and self.machine.may_enqueue(old.exclusive)
        try:
            job = services.restart(job_id=pair[0], requested_by=None)
        except (services.NotRestartable, services.AlreadyActive):
            assert not allowed
            return multiple()
        assert allowed
        old.restarted = True
        return self._pair(job, self.machine.enqueue(old.steps, old.exclusive, old.serial, cursor=old.cursor))

    @rule(pair=jobs)
    def kill(self, pair: tuple[Any, Model]) -> None:
        """The worker dies, and where its job can look it is known to be dead."""
        if pair[1].holder is not None:
            self.dead.add(pair[1].holder)
            Job.objects.filter(pk=pair[0]).update(lease_owner=str(_owner(pair[1].holder, alive=False)))

    @rule(seconds=st.sampled_from(JUMPS))
    def clock(self, seconds: int) -> None:
        """Time goes by: for the database, everything that is written down lies further back."""
        self.machine.now += seconds
        gone = timedelta(seconds=seconds)
        Job.objects.update(run_at=F("run_at") - gone, lease_expires_at=F("lease_expires_at") - gone)

    @rule()
    def reconcile(self) -> None:
        reconciler._take_over()
        self.machine.recover(self.dead)

    @invariant()
    def both_say_the_same(self) -> None:
        rows = {
            row[0]: row[1:]
            for row in Job.objects.values_list(
                "id", "state", "cursor", "fence", "fruitless_claims", "serial_held"
            )
        }
        assert rows == {job: model.seen for job, model in self.pairs}

    def teardown(self) -> None:
        Job.objects.update(run_at=F("created_at"))  # nothing is late: the clock was ours
        invariants.check(self.world)


def test_five_hundred_interleavings(
    postgres: Server, valkey: Server, transactional_db: None, enqueue: Enqueue, tmp_path: Any
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # nothing crashes here, and each rule is a commit
    made = type("Soak", (Soak,), {"enqueue": staticmethod(enqueue), "world": tmp_path})
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert toys.settled

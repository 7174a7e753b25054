from __future__ import annotations

import dataclasses
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from jobs import reconciler, registry, runner, services, transitions
from jobs.models import Job
from jobs.owner import Owner
from jobs.states import JobState
from tests.jobs import toys
from tests.jobs.conftest import Enqueue

pytestmark = pytest.mark.django_db

ELSEWHERE = Owner("other-boot/1", 4711, 1)
HERE_BUT_DEAD = Owner(Owner.here().neighbourhood, 999_999_999, 1)


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.id).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_an_expired_lease_is_taken_away_and_the_step_is_done_by_another(enqueue: Enqueue) -> None:
    job = enqueue("note")
    claim = transitions.claim(job.id, owner=ELSEWHERE)
    assert claim
    expire(job)
    assert reconciler._take_over() == 1
    job.refresh_from_db()
    assert (job.state, job.fence) == (JobState.WAITING, claim.fence + 1)
    assert runner.run(job.id) is runner.Outcome.ENDED


def test_a_dead_process_of_this_host_loses_its_lease_at_once(enqueue: Enqueue) -> None:
    job = enqueue("note")
    transitions.claim(job.id, owner=HERE_BUT_DEAD)
    assert reconciler._take_over() == 1
    job.refresh_from_db()
    assert job.state == JobState.WAITING


@pytest.mark.parametrize("owner", [Owner.here(), ELSEWHERE])
def test_a_living_worker_keeps_its_job_however_old_it_is(enqueue: Enqueue, owner: Owner) -> None:
    job = enqueue("note")
    transitions.claim(job.id, owner=owner)
    Job.objects.filter(pk=job.id).update(created_at=timezone.now() - timedelta(days=9))
    assert reconciler._take_over() == 0


def test_a_poison_job_is_quarantined_after_four_dead_workers(enqueue: Enqueue) -> None:
    job = enqueue("note")
    states = []
    for _ in range(4):
        assert transitions.claim(job.id, owner=HERE_BUT_DEAD)
        reconciler._take_over()
        job.refresh_from_db()
        states.append(job.state)
    assert states == ["waiting", "waiting", "waiting", "quarantined"]
    assert len(job.error_id) == 8
    assert toys.settled == [(str(job.id), "quarantined")]


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_room_always_breaks_is_quarantined_too(enqueue: Enqueue) -> None:
    def breaks(job: Job) -> None:
        raise ValueError("the room is on fire")

    registry.unregister(toys.KIND, 1)
    registry.register(dataclasses.replace(toys.TOY, on_settled=breaks, _by_name={}))
    job = enqueue("note")
    for _ in range(4):
        with pytest.raises(ValueError, match="on fire"):
            runner.run(job.id)
        Job.objects.filter(pk=job.id).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        reconciler._take_over()
    job.refresh_from_db()
    assert (job.state, job.cursor, len(job.error_id)) == (JobState.QUARANTINED, 0, 8)


def test_progress_in_between_is_not_poison(enqueue: Enqueue) -> None:
    job = enqueue(*["note"] * 6)
    for step in range(6):
        claim = transitions.claim(job.id, owner=HERE_BUT_DEAD)
        assert claim
        if step < 5:
            transitions.advance(job.id, fence=claim.fence, step=step, output={}, actor="dying")
        reconciler._take_over()
    job.refresh_from_db()
    assert job.state == JobState.WAITING


def test_a_cancelled_job_whose_worker_died_ends_as_cancelled(enqueue: Enqueue) -> None:
    job = enqueue("note")
    transitions.claim(job.id, owner=HERE_BUT_DEAD)
    services.cancel(job_id=job.id, requested_by=None)
    reconciler._take_over()
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert toys.settled == [(str(job.id), "cancelled")]


@pytest.mark.parametrize("claimed", [False, True])
def test_a_job_past_its_deadline_fails(enqueue: Enqueue, claimed: bool) -> None:
    job = enqueue("note")
    if claimed:
        transitions.claim(job.id, owner=Owner.here())
    Job.objects.filter(pk=job.id).update(deadline_at=timezone.now() - timedelta(seconds=1))
    assert reconciler._expire() == 1
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "deadline")
    assert toys.settled == [(str(job.id), "failed")]


def nobody_hears() -> int:
    """The broker's backlog while no worker takes anything."""
    return 1


class Bell:
    def __init__(self, *, works: bool = True) -> None:
        self.works, self.rung = works, [UUID(int=0)][:0]

    def __call__(self, job_id: UUID) -> bool:
        if self.works:
            self.rung.append(job_id)
        return self.works


def unrung(job: Job, *, ago: float = 100, rings: int = 1) -> None:
    Job.objects.filter(pk=job.id).update(rung_at=timezone.now() - timedelta(seconds=ago), rings=rings)


def test_a_lost_message_is_sent_again_but_not_in_a_hurry(enqueue: Enqueue) -> None:
    job, bell = enqueue("note"), Bell()
    assert reconciler.ring_due(bell, nobody_hears) == 0  # it was rung for at its commit just now
    unrung(job)
    assert reconciler.ring_due(bell, nobody_hears) == 1
    assert reconciler.ring_due(bell, nobody_hears) == 0
    assert bell.rung == [job.id]


@pytest.mark.parametrize(
    ("rings", "ago", "again"), [(1, 31, 1), (2, 59, 0), (2, 61, 1), (3, 119, 0), (99, 961, 1)]
)
def test_the_pauses_between_rings_double(enqueue: Enqueue, rings: int, ago: float, again: int) -> None:
    unrung(enqueue("note"), ago=ago, rings=rings)
    assert reconciler.ring_due(Bell(), nobody_hears) == again


def test_a_job_that_falls_due_is_rung_for_at_once(enqueue: Enqueue) -> None:
    job, bell = enqueue("refuse:not-yet"), Bell()
    runner.run(job.id)
    assert reconciler.ring_due(bell, nobody_hears) == 1


def test_a_job_that_is_not_due_is_not_rung_for(enqueue: Enqueue) -> None:
    job = enqueue("note")
    unrung(job)
    Job.objects.filter(pk=job.id).update(run_at=timezone.now() + timedelta(hours=1))
    assert reconciler.ring_due(Bell(), nobody_hears) == 0


def test_who_waits_for_a_serial_key_is_not_rung_for(enqueue: Enqueue) -> None:
    first, second = (enqueue("note", serial_key="organization:1") for _ in range(2))
    transitions.claim(first.id, owner=Owner.here())
    unrung(second)
    assert reconciler.ring_due(Bell(), nobody_hears) == 0


def test_a_broker_that_is_down_is_tried_again_with_the_next_pass(enqueue: Enqueue) -> None:
    job, bell = enqueue("note"), Bell()
    unrung(job)
    assert reconciler.ring_due(Bell(works=False), nobody_hears) == 0
    assert reconciler.ring_due(bell, nobody_hears) == 1


@pytest.mark.parametrize(("ago", "again"), [(4, 0), (6, 1)])
def test_with_nothing_left_in_the_broker_the_message_was_lost(
    enqueue: Enqueue, ago: float, again: int
) -> None:
    unrung(enqueue("note"), ago=ago)
    assert reconciler.ring_due(Bell(), lambda: 0) == again


def test_a_kind_whose_end_fails_does_not_keep_the_others_from_theirs(enqueue: Enqueue) -> None:
    jobs = [enqueue("note", exclusive_key=key) for key in ("breaks", "ends")]
    Job.objects.update(deadline_at=timezone.now() - timedelta(seconds=1))

    def settled(job: Job) -> None:
        if job.exclusive_key == "breaks":
            raise KeyError("a mistake of this kind")

    registry.unregister(toys.KIND, 1)
    registry.register(dataclasses.replace(toys.TOY, on_settled=settled, _by_name={}))
    assert reconciler._expire() == 1
    assert [Job.objects.get(pk=job.id).state for job in jobs] == [JobState.QUEUED, JobState.FAILED]


def test_a_job_of_another_release_is_rung_for_by_its_own_workers(enqueue: Enqueue) -> None:
    job = enqueue("note")
    Job.objects.filter(pk=job.id).update(definition=2)
    assert runner.run(job.id) is runner.Outcome.NOTHING  # heard by the wrong one
    assert reconciler.ring_due(Bell(), nobody_hears) == 0
    registry.register(dataclasses.replace(toys.TOY, version=2, _by_name={}))
    try:
        assert reconciler.ring_due(Bell(), nobody_hears) == 1
    finally:
        registry.unregister(toys.KIND, 2)

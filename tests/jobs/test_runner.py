from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection

from jobs import registry, runner, services, transitions
from jobs.context import StepContext
from jobs.heartbeat import Watch, heart, stopping
from jobs.models import Job
from jobs.owner import Owner
from jobs.runner import Outcome
from jobs.states import JobState
from tests.jobs import toys
from tests.jobs.conftest import Enqueue
from tests.waiting import until

pytestmark = pytest.mark.django_db

ELSEWHERE = Owner("other-boot/1", 4711, 1)


def names(job: Job) -> list[str]:
    return list(job.events.values_list("name", flat=True))


def test_a_job_runs_from_its_first_step_to_its_last(enqueue: Enqueue) -> None:
    job = enqueue("note:a", "note:b", "write")
    assert runner.run(job.id) is Outcome.ENDED
    job.refresh_from_db()
    assert (job.state, job.cursor, job.lease_owner) == (JobState.SUCCEEDED, 3, "")
    assert [step.output.get("before") for step in job.steps.all()] == [0, 1, None]
    assert names(job) == ["enqueued", "claimed", "advanced", "advanced", "written", "advanced", "succeeded"]
    assert toys.settled == [(str(job.id), "succeeded")]


def test_a_doubled_message_does_nothing(enqueue: Enqueue, tmp_path: Path) -> None:
    job = enqueue("note")
    outcomes = [runner.run(job.id) for _ in range(3)]
    assert outcomes == [Outcome.ENDED, Outcome.NOTHING, Outcome.NOTHING]
    assert [len(file.read_text().splitlines()) for file in tmp_path.iterdir()] == [1]


def test_a_job_that_another_worker_holds_is_not_touched(enqueue: Enqueue) -> None:
    job = enqueue("note")
    assert transitions.claim(job.id, owner=ELSEWHERE)
    assert runner.run(job.id) is Outcome.NOTHING


@pytest.mark.parametrize("act", ["advance", "finish", "pause", "heartbeat", "end"])
def test_a_stale_fence_is_refused(enqueue: Enqueue, act: str) -> None:
    job = enqueue("note")
    claim = transitions.claim(job.id, owner=ELSEWHERE)
    assert claim
    assert transitions.lose_lease(job.id, fence=claim.fence, actor="reconciler", detail="gone")
    newer = transitions.claim(job.id, owner=Owner.here())
    assert newer
    before = Job.objects.values().get(pk=job.id)
    ending = transitions.Ending(JobState.SUCCEEDED, "succeeded")
    acts: dict[str, Callable[[], object]] = {
        "advance": lambda: transitions.advance(job.id, fence=claim.fence, step=0, output={}, actor="late"),
        "finish": lambda: transitions.finish(job.id, fence=claim.fence, step=0, output={}, actor="late"),
        "pause": lambda: transitions.pause(job.id, fence=claim.fence, step=0, delay=0, actor="late"),
        "heartbeat": lambda: transitions.heartbeat(job.id, fence=claim.fence),
        "end": lambda: transitions.end(
            job.id, fence=claim.fence, sources=[JobState.RUNNING], ending=ending, actor="late", step=0
        ),
    }
    assert acts[act]() is None
    assert Job.objects.values().get(pk=job.id) == before


def test_a_worker_that_lost_its_lease_in_a_step_changes_nothing(enqueue: Enqueue) -> None:
    job = enqueue("write")

    def steal(context: StepContext) -> dict[str, object]:
        toys.write(context)
        Job.objects.filter(pk=job.id).update(fence=99)
        return {}

    registry.unregister(toys.KIND, 1)
    step = registry.Step("write", "Write", steal, registry.Effect.DATABASE_ONLY)
    registry.register(dataclasses.replace(toys.TOY, steps=(step,), _by_name={}))
    assert runner.run(job.id) is Outcome.LOST
    job.refresh_from_db()
    assert (job.state, job.cursor) == (JobState.RUNNING, 0)
    assert "written" not in names(job)  # the effect went back with the refused checkpoint


@pytest.mark.parametrize(
    ("step", "state", "code"),
    [
        ("refuse:permanent", JobState.FAILED, "never"),
        ("refuse:blocked", JobState.BLOCKED, "no_right"),
        ("refuse:bug", JobState.FAILED, "unexpected"),
        ("write:late", JobState.FAILED, "late"),
    ],
)
def test_a_step_that_fails_for_good_ends_the_job(
    enqueue: Enqueue, step: str, state: JobState, code: str
) -> None:
    job = enqueue("note", step, "note")
    assert runner.run(job.id) is Outcome.ENDED
    job.refresh_from_db()
    assert (job.state, job.error_code, job.cursor) == (state, code, 1)
    assert len(job.error_id) == 8
    assert [row.state for row in job.steps.all()] == ["done", "failed", "pending"]
    assert "written" not in names(job)
    assert toys.settled == [(str(job.id), state.value)]


def test_a_transient_error_waits_and_is_charged(enqueue: Enqueue) -> None:
    job = enqueue("refuse:transient")
    assert runner.run(job.id) is Outcome.PAUSED
    job.refresh_from_db()
    assert (job.state, job.step_errors, job.fruitless_claims, job.lease_owner) == (JobState.WAITING, 1, 0, "")
    assert job.steps.get().error_message == "Try later."
    assert toys.settled == []


def test_what_the_other_side_asked_for_is_waited(enqueue: Enqueue) -> None:
    job = enqueue("refuse:asked")
    runner.run(job.id)
    job.refresh_from_db()
    assert (job.run_at - job.created_at).total_seconds() >= 50
    assert runner.run(job.id) is Outcome.NOTHING


def test_a_transient_error_fails_the_job_in_the_end(enqueue: Enqueue) -> None:
    job = enqueue("refuse:connection")
    outcomes = []
    for _ in range(8):
        Job.objects.filter(pk=job.id).update(run_at=job.created_at)
        outcomes.append(runner.run(job.id))
    assert outcomes == [Outcome.PAUSED] * 7 + [Outcome.ENDED]
    job.refresh_from_db()
    assert job.state == JobState.FAILED


def test_waiting_for_the_other_side_is_never_charged(enqueue: Enqueue, tmp_path: Path) -> None:
    job = enqueue("refuse:not-yet")
    assert [runner.run(job.id) for _ in range(12)] == [Outcome.PAUSED] * 12
    (tmp_path / "healed").touch()
    assert runner.run(job.id) is Outcome.ENDED


def test_an_error_of_one_step_is_not_held_against_the_next(enqueue: Enqueue, tmp_path: Path) -> None:
    job = enqueue("refuse:transient", "note", "refuse:transient")
    runner.run(job.id)
    (tmp_path / "healed").touch()
    Job.objects.filter(pk=job.id).update(run_at=job.created_at)
    runner.run(job.id)
    job.refresh_from_db()
    assert (job.state, job.step_errors) == (JobState.SUCCEEDED, 0)


def test_one_job_at_a_time_holds_a_serial_key(enqueue: Enqueue, tmp_path: Path) -> None:
    first, second = (enqueue("refuse:transient", serial_key="organization:1") for _ in range(2))
    runner.run(first.id)
    assert runner.run(second.id) is Outcome.NOTHING  # the first one waits, and keeps the key meanwhile
    (tmp_path / "healed").touch()
    Job.objects.filter(pk=first.id).update(run_at=first.created_at)
    assert runner.run(first.id) is Outcome.ENDED
    assert runner.run(second.id) is Outcome.ENDED


def test_a_cancelled_job_stops_at_its_next_checkpoint(enqueue: Enqueue) -> None:
    job = enqueue("note", "note")
    claim = transitions.claim(job.id, owner=Owner.here())
    assert claim
    assert services.cancel(job_id=job.id, requested_by=None) is JobState.CANCELLING
    rows = list(job.steps.all())
    run = runner._Run(claim, toys.TOY, rows, {}, Watch(job.id, claim.fence), "me", 60)
    assert runner._go_on(run) is Outcome.ENDED
    job.refresh_from_db()
    assert (job.state, job.cursor) == (JobState.CANCELLED, 1)
    assert [row.state for row in job.steps.all()] == ["done", "pending"]


def test_an_error_of_a_cancelled_job_ends_it_as_cancelled(enqueue: Enqueue) -> None:
    job = enqueue("refuse:permanent")
    claim = transitions.claim(job.id, owner=Owner.here())
    assert claim
    services.cancel(job_id=job.id, requested_by=None)
    run = runner._Run(claim, toys.TOY, list(job.steps.all()), {}, Watch(job.id, claim.fence), "me", 60)
    runner._go_on(run)
    job.refresh_from_db()
    assert (job.state, job.error_id) == (JobState.CANCELLED, "")


def test_a_cancellation_after_the_last_step_came_too_late(enqueue: Enqueue) -> None:
    job = enqueue("note")
    claim = transitions.claim(job.id, owner=Owner.here())
    assert claim
    services.cancel(job_id=job.id, requested_by=None)
    run = runner._Run(claim, toys.TOY, list(job.steps.all()), {}, Watch(job.id, claim.fence), "me", 60)
    runner._go_on(run)
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED


def test_a_worker_that_is_told_to_go_gives_its_job_back(enqueue: Enqueue) -> None:
    job = enqueue("note")
    claim = transitions.claim(job.id, owner=Owner.here())
    assert claim
    run = runner._Run(claim, toys.TOY, list(job.steps.all()), {}, Watch(job.id, claim.fence), "me", 60)
    stopping.set()
    try:
        assert runner._go_on(run) is Outcome.RELEASED
        assert runner.run(job.id) is Outcome.NOTHING
    finally:
        stopping.clear()
    job.refresh_from_db()
    assert (job.state, job.step_errors) == (JobState.WAITING, 0)
    assert runner.run(job.id) is Outcome.ENDED


def test_a_kind_of_another_release_is_left_to_its_workers(enqueue: Enqueue) -> None:
    job = enqueue("note")
    Job.objects.filter(pk=job.id).update(definition=2)
    assert runner.run(job.id) is Outcome.NOTHING
    job.refresh_from_db()
    assert (job.state, job.claims) == (JobState.QUEUED, 0)


def test_the_heartbeat_prolongs_the_lease(enqueue: Enqueue) -> None:
    job = enqueue("note")
    claim = transitions.claim(job.id, owner=Owner.here(), lease=5)
    assert claim
    before = Job.objects.get(pk=job.id).lease_expires_at
    watch = Watch(job.id, claim.fence, lease=60)
    watch.beat()
    after = Job.objects.get(pk=job.id).lease_expires_at
    assert before is not None
    assert after is not None
    assert (after - before).total_seconds() > 50
    assert not watch.lost


def test_a_refused_heartbeat_tells_the_step_to_stop(enqueue: Enqueue) -> None:
    job = enqueue("note")
    claim = transitions.claim(job.id, owner=Owner.here())
    assert claim
    watch = Watch(job.id, claim.fence + 1)
    watch.beat()
    assert watch.lost


@pytest.mark.django_db(transaction=True)
def test_the_heart_keeps_no_connection_when_there_is_nothing_to_watch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connections: list[int] = []

    def beat(*args: object, **options: object) -> JobState:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            connections.append(cursor.fetchone()[0])
        return JobState.RUNNING

    def is_open() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [connections])
            return bool(cursor.fetchone()[0])

    monkeypatch.setattr(transitions, "heartbeat", beat)
    with heart.watching(Watch(uuid4(), fence=1, lease=0.3)):
        until(lambda: connections, what="a beat")
        assert is_open()
    until(lambda: not is_open(), what="the end of its connection")


def test_a_step_that_must_not_be_repeated_blocks_the_job_after_its_worker_was_lost(
    enqueue: Enqueue, tmp_path: Path
) -> None:
    job = enqueue("once", "note")
    claim = transitions.claim(job.id, owner=ELSEWHERE)
    assert claim
    transitions.lose_lease(job.id, fence=claim.fence, actor="reconciler", detail="gone")
    assert runner.run(job.id) is Outcome.ENDED
    job.refresh_from_db()
    assert (job.state, job.error_code, list(tmp_path.iterdir())) == (JobState.BLOCKED, "outcome_unknown", [])
    again = services.restart(job_id=job.id, requested_by=None)  # a person looked
    assert runner.run(again.id) is Outcome.ENDED
    again.refresh_from_db()
    assert again.state == JobState.SUCCEEDED


@pytest.mark.parametrize(
    ("how", "state"), [("time-out", JobState.BLOCKED), ("busy", JobState.WAITING), ("", JobState.SUCCEEDED)]
)
def test_a_step_that_must_not_be_repeated_is_so_only_when_nothing_was_done(
    enqueue: Enqueue, how: str, state: JobState
) -> None:
    job = enqueue(f"once:{how}")
    runner.run(job.id)
    job.refresh_from_db()
    assert job.state == state


def test_a_step_over_its_limit_is_tried_again_later(enqueue: Enqueue) -> None:
    job = enqueue("over")
    assert runner.run(job.id) is Outcome.PAUSED
    assert job.steps.get().error_code == "too_slow"


def test_a_step_that_its_kind_does_not_have_fails_the_job(enqueue: Enqueue) -> None:
    job = enqueue("note")
    job.steps.update(name="gone")
    assert runner.run(job.id) is Outcome.ENDED
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "unexpected")


def test_a_claim_or_a_checkpoint_whose_answer_was_lost_is_found_again(enqueue: Enqueue) -> None:
    job = enqueue("note", "note")
    me = Owner.here()
    claim = transitions.claim(job.id, owner=me)
    assert claim
    assert transitions.claimed_already(job.id, owner=me) == claim
    assert transitions.claimed_already(job.id, owner=ELSEWHERE) is None
    assert transitions.advanced_already(job.id, fence=claim.fence, step=0) is None
    changed = transitions.advance(job.id, fence=claim.fence, step=0, output={}, actor="me")
    assert transitions.advanced_already(job.id, fence=claim.fence, step=0) == changed
    assert transitions.advanced_already(job.id, fence=claim.fence - 1, step=0) is None

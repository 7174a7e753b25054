from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import close_old_connections, connection

from accounts.models import User
from jobs import runner, services
from jobs.models import Job
from jobs.states import JobState
from tests.jobs import toys
from tests.jobs.conftest import Enqueue

pytestmark = pytest.mark.django_db


def test_a_job_is_written_with_its_steps_and_its_first_event(enqueue: Enqueue, nobody: User) -> None:
    job = enqueue("note:a", "note:b", requested_by=nobody)
    assert job.state == JobState.QUEUED
    assert [(step.key, step.state) for step in job.steps.all()] == [
        ("note:a", "pending"),
        ("note:b", "pending"),
    ]
    assert [(event.name, event.actor) for event in job.events.all()] == [("enqueued", "Nobody Nowhere")]


def test_the_same_request_twice_is_one_job(enqueue: Enqueue) -> None:
    first = enqueue("note", idempotency_key="request-1", exclusive_key="thing:1")
    assert enqueue("note", idempotency_key="request-1", exclusive_key="thing:1").id == first.id
    assert Job.objects.count() == 1


def test_the_second_job_on_one_thing_is_told_who_and_when(enqueue: Enqueue, nobody: User) -> None:
    first = enqueue("note", exclusive_key="thing:1", requested_by=nobody)
    with pytest.raises(services.AlreadyActive, match="Nobody Nowhere started this already") as refused:
        enqueue("note", exclusive_key="thing:1")
    assert refused.value.job == first
    assert Job.objects.count() == 1


def test_a_thing_is_free_again_when_its_job_ended(enqueue: Enqueue) -> None:
    runner.run(enqueue("note", exclusive_key="thing:1").id)
    assert enqueue("note", exclusive_key="thing:1").state == JobState.QUEUED


def test_a_job_in_the_way_that_ends_just_now_is_no_hindrance(
    enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = enqueue("note", exclusive_key="thing:1")
    insert = services._insert

    def insert_while_the_first_ends(*arguments: Any) -> bool:
        inserted = insert(*arguments)
        if not inserted:
            runner.run(first.id)
        return inserted

    monkeypatch.setattr(services, "_insert", insert_while_the_first_ends)
    assert enqueue("note", exclusive_key="thing:1").state == JobState.QUEUED
    assert Job.objects.count() == 2


def test_a_restart_keeps_what_was_done_and_its_names_in_the_outside_world(enqueue: Enqueue) -> None:
    old = enqueue("note:a", "refuse:permanent", "note:b")
    runner.run(old.id)
    new = services.restart(job_id=old.id, requested_by=None)
    old.refresh_from_db()
    assert old.state == JobState.FAILED
    assert (new.restart_of, new.cursor, new.state) == (old, 1, JobState.QUEUED)
    assert [(step.state, step.kept) for step in new.steps.all()] == [
        ("done", True),
        ("pending", False),
        ("pending", False),
    ]
    assert [step.op_key for step in new.steps.all()] == [step.op_key for step in old.steps.all()]


def test_a_restart_verifies_again_and_passes_over_what_was_done_behind(
    enqueue: Enqueue, tmp_path: Path
) -> None:
    old = enqueue("note:a", "check", "note:b", "refuse:permanent")
    runner.run(old.id)
    new = services.restart(job_id=old.id, requested_by=None)
    assert [(step.state, step.kept) for step in new.steps.all()] == [
        ("done", True),
        ("pending", False),
        ("pending", True),
        ("pending", False),
    ]
    (tmp_path / "healed").touch()
    runner.run(new.id)
    new.refresh_from_db()
    assert new.state == JobState.SUCCEEDED
    runs = [len((tmp_path / str(step.op_key)).read_text().splitlines()) for step in new.steps.all()[:3]]
    assert runs == [1, 2, 1]


def test_a_restart_with_other_values_does_anew_what_depends_on_them(enqueue: Enqueue, tmp_path: Path) -> None:
    old = enqueue("note:a", "colour", "note:b", "refuse:permanent")
    runner.run(old.id)
    new = services.restart(job_id=old.id, requested_by=None, inputs={**old.inputs, "colour": "red"})
    assert [step.kept for step in new.steps.all()] == [True, False, True, False]
    (tmp_path / "healed").touch()
    runner.run(new.id)
    runs = [len((tmp_path / str(step.op_key)).read_text().splitlines()) for step in new.steps.all()[:3]]
    assert runs == [1, 2, 1]


def test_a_restart_has_every_step_even_one_that_is_named_twice(enqueue: Enqueue) -> None:
    old = enqueue("note", "note", "refuse:permanent")
    runner.run(old.id)
    new = services.restart(job_id=old.id, requested_by=None)
    assert [step.op_key for step in new.steps.all()] == [step.op_key for step in old.steps.all()]
    assert (new.step_count, new.cursor) == (3, 2)


def test_a_restart_with_other_values_may_have_other_steps(enqueue: Enqueue) -> None:
    old = enqueue("note:a", "refuse:permanent")
    runner.run(old.id)
    new = services.restart(
        job_id=old.id, requested_by=None, inputs={**old.inputs, "steps": ["note:c", "note:a"]}
    )
    assert [(step.key, step.kept) for step in new.steps.all()] == [("note:c", False), ("note:a", True)]
    runner.run(new.id)
    new.refresh_from_db()
    assert new.state == JobState.SUCCEEDED


def test_a_restarted_job_ends_well_when_the_cause_is_gone(enqueue: Enqueue, tmp_path: Path) -> None:
    old = enqueue("note:a", "refuse:permanent")
    runner.run(old.id)
    new = services.restart(job_id=old.id, requested_by=None)
    (tmp_path / "healed").touch()
    runner.run(new.id)
    new.refresh_from_db()
    assert new.state == JobState.SUCCEEDED


@pytest.mark.parametrize("steps", [["note"], ["refuse:not-yet"]])
def test_only_what_ended_badly_is_restarted(enqueue: Enqueue, steps: list[str]) -> None:
    job = enqueue(*steps)
    runner.run(job.id)
    with pytest.raises(services.NotRestartable):
        services.restart(job_id=job.id, requested_by=None)


def test_an_attempt_is_restarted_once(enqueue: Enqueue) -> None:
    job = enqueue("refuse:permanent")
    runner.run(job.id)
    services.restart(job_id=job.id, requested_by=None)
    with pytest.raises(services.NotRestartable):
        services.restart(job_id=job.id, requested_by=None)


def test_a_waiting_job_is_cancelled_at_once(enqueue: Enqueue, nobody: User) -> None:
    job = enqueue("note")
    assert services.cancel(job_id=job.id, requested_by=nobody) is JobState.CANCELLED
    job.refresh_from_db()
    assert (job.state, job.cancel_requested_by) == (JobState.CANCELLED, nobody)
    assert toys.settled == [(str(job.id), "cancelled")]


def test_what_ended_cannot_be_cancelled(enqueue: Enqueue) -> None:
    job = enqueue("note")
    runner.run(job.id)
    with pytest.raises(services.NotCancellable):
        services.cancel(job_id=job.id, requested_by=None)


@pytest.mark.django_db(transaction=True)
def test_sixteen_callers_at_once_make_one_job(enqueue: Enqueue) -> None:
    barrier, outcomes = threading.Barrier(16), []

    def call() -> None:
        barrier.wait()
        try:
            outcomes.append(enqueue("note", exclusive_key="thing:1").id)
        except services.AlreadyActive as error:
            outcomes.append(error.job.id)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Job.objects.count() == 1
    assert set(outcomes) == {Job.objects.get().id}
    assert len(outcomes) == 16


def test_a_job_that_does_not_exist_is_nothing_to_do() -> None:
    assert runner.run(uuid4()) is runner.Outcome.NOTHING

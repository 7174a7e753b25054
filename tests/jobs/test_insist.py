"""Work on the database that goes on when the database comes back. The server itself cuts the connection here."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction

from jobs import runner
from jobs.heartbeat import Watch
from jobs.insist import insist
from jobs.states import JobState
from tests.jobs.conftest import Enqueue

pytestmark = pytest.mark.django_db(transaction=True)


def cut() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


class Work:
    """Is cut off so many times, then answers."""

    def __init__(self, cuts: int) -> None:
        self.cuts, self.calls = cuts, 0

    def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.cuts:
            cut()
        return self.calls


def test_what_the_database_answers_at_once_is_sure() -> None:
    assert insist(Work(0), seconds=5) == (1, False)


def test_it_is_tried_again_on_a_new_connection_and_said_to_be_unsure() -> None:
    assert insist(Work(2), seconds=5) == (3, True)


def test_after_its_time_it_gives_up() -> None:
    with pytest.raises(OperationalError):
        insist(Work(99), seconds=0)


def test_inside_a_transaction_nothing_is_repeated() -> None:
    work = Work(1)
    with pytest.raises(OperationalError), transaction.atomic():
        insist(work, seconds=5)
    assert work.calls == 1


@pytest.mark.parametrize("step", ["cut", "note"])
def test_a_job_goes_on_when_the_database_comes_back(enqueue: Enqueue, step: str) -> None:
    job = enqueue(step, "note")
    if step == "note":
        with pytest.raises(OperationalError):
            cut()  # the connection is dead, and this process does not know it yet
    assert runner.run(job.id) in {runner.Outcome.ENDED, runner.Outcome.PAUSED}
    job.refresh_from_db()
    assert (job.state, job.error_id) in {(JobState.SUCCEEDED, ""), (JobState.WAITING, "")}


def test_a_heartbeat_that_was_cut_off_is_made_up_for() -> None:
    watch = Watch(job_id=UUID(int=1), fence=1, lease=60)
    with pytest.raises(OperationalError):
        cut()
    watch.beat()
    assert not watch.lost
    watch.beat()
    assert watch.lost  # the database answers again: it knows of no such job

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import runner, transitions
from jobs.models import Job
from jobs.owner import Owner
from jobs.queries import oldest_due
from tests.jobs.conftest import Enqueue

pytestmark = pytest.mark.django_db


def test_nothing_is_due_when_all_is_done(enqueue: Enqueue) -> None:
    runner.run(enqueue("note").id)
    assert oldest_due() is None


def test_the_job_that_waits_longest_is_named_and_late_after_a_while(enqueue: Enqueue) -> None:
    job, _ = enqueue("note"), enqueue("note")
    Job.objects.filter(pk=job.id).update(run_at=timezone.now() - timedelta(minutes=2))
    due = oldest_due()
    assert due is not None
    assert (due.job_id, due.is_late) == (job.id, True)


def test_whoever_waits_for_a_serial_key_is_not_late(enqueue: Enqueue) -> None:
    first, _ = (enqueue("note", serial_key="organization:1") for _ in range(2))
    due = oldest_due()
    assert due is not None
    assert due.job_id == first.id
    transitions.claim(first.id, owner=Owner.here())
    assert oldest_due() is None

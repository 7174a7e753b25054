from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from jobs import watching
from jobs.models import Job
from jobs.presentation import seen_of
from organizations.models import RoleMembership
from tests.provisioning.conftest import SignIn, World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_is_known() -> Iterator[None]:
    watching.forget()
    yield
    watching.forget()


@pytest.fixture
def job(world: World) -> Job:
    """One that nobody will touch for an hour."""
    made = world.submit()
    later = timezone.now() + timedelta(hours=1)
    Job.objects.filter(pk=made.pk).update(run_at=later)
    made.refresh_from_db()
    return made


def poll(browser: Client, job: Job) -> int:
    return browser.get(f"/jobs/{job.id}/status/", {"seen": seen_of(job, timezone.now())}).status_code


@pytest.mark.parametrize("local", ["global.admin", "system.admin"])
def test_a_page_that_watches_costs_its_session_its_person_and_one_small_query(
    job: Job, sign_in: SignIn, local: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = sign_in(local)
    assert poll(browser, job) == 204
    with django_assert_num_queries(3):
        assert poll(browser, job) == 204


def revoke(world: World) -> None:
    RoleMembership.objects.filter(user__email__startswith="system.admin").delete()


def test_who_lost_the_role_gets_nothing_new(job: Job, world: World, sign_in: SignIn) -> None:
    browser = sign_in("system.admin")
    assert poll(browser, job) == 204
    revoke(world)
    assert browser.get(f"/jobs/{job.id}/status/", {"seen": "1-1-free-running"}).status_code == 403
    assert browser.get(f"/jobs/{job.id}/status/").status_code == 403


def test_and_soon_nothing_at_all(
    job: Job, world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in("system.admin")
    monkeypatch.setattr(watching, "MOMENT", 0.0)
    assert poll(browser, job) == 204
    revoke(world)
    assert poll(browser, job) == 403


def test_who_was_let_in_opens_it_to_nobody_else(job: Job, sign_in: SignIn) -> None:
    assert poll(sign_in("system.admin"), job) == 204
    assert poll(sign_in("customizer"), job) == 403
    assert poll(sign_in("nobody"), job) == 403


def test_who_was_refused_is_not_remembered(job: Job, sign_in: SignIn) -> None:
    browser = sign_in("nobody")
    assert [poll(browser, job) for _ in range(2)] == [403, 403]


def test_not_everybody_is_remembered_for_ever(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_MOST", 10)
    for person in range(100):
        watching.note(person, job.id)
    assert watching.was_let_in(99, job.id)
    assert len(watching._let_in) <= 10

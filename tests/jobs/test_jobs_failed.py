"""Failed jobs by their cause, and a restart of all of one cause: seen first, then done, and told job by job."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from itertools import count
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from jobs import causes, registry, restarting, runner, services
from jobs.errors import Blocked
from jobs.models import Job
from jobs.restarting import Rules
from jobs.states import JobState
from tests.jobs import toys
from tests.jobs.conftest import Enqueue

pytestmark = pytest.mark.django_db

PAGE = f"/jobs/failed/?kind={toys.KIND}&code=never"
SHOWN = re.compile(r'<tr data-job="([^"]+)" data-ready="(yes|no)"')
TOLD = re.compile(r'<tr data-job="([^"]+)" data-restarted="(yes|no)"')


@pytest.fixture(autouse=True)
def no_rules() -> Iterator[None]:
    yield
    restarting._rules.pop(toys.KIND, None)


@pytest.fixture
def fail(enqueue: Enqueue) -> Callable[..., Job]:
    """A toy that failed: `fail("permanent")` of the cause "never", `fail("blocked")` of "no_right"."""

    def make(how: str = "permanent", **options: object) -> Job:
        job = enqueue("note:a", "check", f"refuse:{how}", "note:b", **options)
        runner.run(job.id)
        job.refresh_from_db()
        return job

    return make


def browser_of(user: User) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    return client


def post(user: User, jobs: Collection[Job], *, code: str = "never") -> str:
    sent = {"kind": toys.KIND, "code": code, "job": [str(job.id) for job in jobs]}
    response = browser_of(user).post("/jobs/failed/", sent)
    assert response.status_code == 200
    return response.content.decode()


def told(html: str) -> dict[str, str]:
    return dict(TOLD.findall(html))


def test_causes_are_kinds_and_codes_with_how_many_failed_of_them(
    fail: Callable[..., Job], enqueue: Enqueue, global_admin: User
) -> None:
    never, blocked = [fail() for _ in range(3)], fail("blocked")
    services.restart(job_id=never[0].id, requested_by=None)  # is no failure any more that waits for somebody
    cancelled = enqueue("note")
    services.cancel(job_id=cancelled.id, requested_by=None)
    found = {group.cause.code: (group.count, group.example) for group in causes.groups(global_admin)}
    assert found == {"never": (2, "Never."), "no_right": (1, "Ask an administrator.")}
    html = browser_of(global_admin).get("/jobs/failed/").content.decode()
    assert f"/jobs/failed/?kind={toys.KIND}&amp;code=no_right" in html
    assert blocked.error_message in html


def test_without_failures_the_page_says_so(global_admin: User) -> None:
    html = browser_of(global_admin).get("/jobs/failed/").content.decode()
    assert "No job that you may see has failed" in html


def test_the_preview_names_each_job_and_what_becomes_of_each_step(
    fail: Callable[..., Job], global_admin: User, nobody: User
) -> None:
    job = fail(requested_by=nobody)
    html = browser_of(global_admin).get(PAGE).content.decode()
    assert SHOWN.findall(html) == [(str(job.id), "yes")]
    for words in ("Never.", job.error_id, "Nobody Nowhere", "1 kept · 1 verified again · 2 done anew"):
        assert words in html
    assert "Note b: <strong>done anew</strong>" in html
    assert Job.objects.count() == 1


def test_the_jobs_that_were_chosen_are_restarted_and_no_others(
    fail: Callable[..., Job], global_admin: User
) -> None:
    first, second, left = fail(), fail(), fail()
    html = post(global_admin, [first, second])
    assert told(html) == {str(first.id): "yes", str(second.id): "yes"}
    assert "2 jobs were restarted." in html
    assert not left.restarts.exists()
    attempt = first.restarts.get()
    assert (attempt.state, attempt.requested_by) == (JobState.QUEUED, global_admin)
    assert f"/jobs/{attempt.id}/" in html


def test_one_that_somebody_restarted_meanwhile_is_left_alone_and_told(
    fail: Callable[..., Job], global_admin: User
) -> None:
    job, other = fail(), fail()
    services.restart(job_id=job.id, requested_by=None)
    html = post(global_admin, [job, other])
    assert told(html) == {str(job.id): "no", str(other.id): "yes"}
    assert "This job was restarted already; restart its last attempt." in html
    assert job.restarts.count() == 1


def test_one_whose_thing_another_job_works_on_says_who_began_that(
    fail: Callable[..., Job], enqueue: Enqueue, global_admin: User, nobody: User
) -> None:
    job = fail(exclusive_key="thing:1")
    enqueue("note", exclusive_key="thing:1", requested_by=nobody)
    html = post(global_admin, [job])
    assert told(html) == {str(job.id): "no"}
    assert "Nobody Nowhere started this already" in html


def test_jobs_of_another_cause_are_not_restarted_whatever_is_sent(
    fail: Callable[..., Job], global_admin: User
) -> None:
    job = fail("blocked")
    assert told(post(global_admin, [job])) == {}
    assert not job.restarts.exists()


@pytest.mark.parametrize("sent", ["", "x", "'; --", "7c0f6a3e-51b2-4d8e-9a64-0d9c1f2b3e45", "0" * 5000])
def test_nonsense_chooses_nothing(fail: Callable[..., Job], global_admin: User, sent: str) -> None:
    fail()
    response = browser_of(global_admin).post(
        "/jobs/failed/", {"kind": toys.KIND, "code": "never", "job": [sent]}
    )
    assert response.status_code == 200
    assert "No job was marked, so nothing was done." in response.content.decode()
    assert Job.objects.count() == 1


@pytest.mark.parametrize("query", ["?kind=nonsense&code=never", f"?kind={toys.KIND}", "?code=never&kind="])
def test_a_cause_that_there_is_not_is_the_page_of_all_causes(
    fail: Callable[..., Job], global_admin: User, query: str
) -> None:
    fail()
    assert "data-cause=" in browser_of(global_admin).get(f"/jobs/failed/{query}").content.decode()


def test_a_cause_without_jobs_leads_to_all_causes(global_admin: User) -> None:
    assert browser_of(global_admin).get(PAGE)["Location"] == "/jobs/failed/"


def test_what_a_person_may_not_see_is_neither_shown_nor_restarted(
    fail: Callable[..., Job], nobody: User
) -> None:
    job = fail()
    assert causes.groups(nobody) == []
    assert told(post(nobody, [job])) == {}
    assert not job.restarts.exists()


def test_what_a_person_may_only_see_is_shown_and_not_restarted(
    fail: Callable[..., Job], global_admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = fail()
    looking = replace(toys.TOY, may_act=lambda user, job: False, _by_name={})
    monkeypatch.setitem(registry._kinds, (toys.KIND, 1), looking)
    html = browser_of(global_admin).get(PAGE).content.decode()
    assert SHOWN.findall(html) == [(str(job.id), "no")]
    assert "You do not manage what it works on." in html
    assert "Restart the marked jobs" not in html
    assert told(post(global_admin, [job])) == {str(job.id): "no"}
    assert not job.restarts.exists()


def test_a_kind_says_which_may_not_be_begun_anew_and_why(
    fail: Callable[..., Job], global_admin: User
) -> None:
    past, present = fail(), fail()

    def why_not(jobs: Collection[Job]) -> Mapping[UUID, str]:
        return {job.id: "Its time is over." for job in jobs if job.id == past.id}

    restarting.register(toys.KIND, Rules(why_not=why_not, who="Everybody."))
    html = browser_of(global_admin).get(PAGE).content.decode()
    assert set(SHOWN.findall(html)) == {(str(past.id), "no"), (str(present.id), "yes")}
    assert "Its time is over." in html
    assert "Everybody." in html


def test_a_missing_right_stops_one_job_and_not_the_others(
    fail: Callable[..., Job], global_admin: User
) -> None:
    refused, other = fail(), fail()

    def begin(job: Job, user: User) -> Job:
        if job.id == refused.id:
            raise Blocked("You own it not.", code="no_right")
        return services.restart(job_id=job.id, requested_by=user)

    restarting.register(toys.KIND, Rules(begin=begin))
    html = post(global_admin, [refused, other])
    assert told(html) == {str(refused.id): "no", str(other.id): "yes"}
    assert "You own it not." in html


def test_a_database_that_refuses_one_restarts_the_others(
    fail: Callable[..., Job], global_admin: User
) -> None:
    refused, other = fail(), fail()

    def begin(job: Job, user: User) -> Job:
        if job.id == refused.id:
            raise OperationalError("deadlock detected")
        return services.restart(job_id=job.id, requested_by=user)

    restarting.register(toys.KIND, Rules(begin=begin))
    html = post(global_admin, [refused, other])
    assert told(html) == {str(refused.id): "no", str(other.id): "yes"}
    assert "The database refused it" in html


def test_at_most_a_page_is_restarted_at_once(
    fail: Callable[..., Job], global_admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarting, "MOST", 2)
    jobs = [fail() for _ in range(3)]
    html = browser_of(global_admin).get(PAGE).content.decode()
    assert [job for job, _ in SHOWN.findall(html)] == [str(jobs[2].id), str(jobs[1].id)]
    after = re.search(r'after=([^"]+)" rel="next"', html)
    assert after
    html = browser_of(global_admin).get(f"{PAGE}&after={after[1]}").content.decode()
    assert [job for job, _ in SHOWN.findall(html)] == [str(jobs[0].id)]
    assert len(told(post(global_admin, jobs))) == 2


def test_when_it_takes_too_long_the_rest_stays_as_it_is(fail: Callable[..., Job], global_admin: User) -> None:
    """A broker that hangs costs seconds for each job."""
    jobs = [fail() for _ in range(3)]
    ticks = count()
    outcomes = restarting.restart_each(
        jobs=jobs, user=global_admin, clock=lambda: next(ticks) * restarting.PATIENCE / 2
    )
    assert [bool(outcome.attempt) for outcome in outcomes] == [True, False, False]
    assert outcomes[-1].why_not == restarting.NO_TIME
    assert not jobs[2].restarts.exists()


def test_a_preview_costs_the_same_for_one_job_and_for_many(
    fail: Callable[..., Job], global_admin: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        fail()
    browser = browser_of(global_admin)
    with django_assert_max_num_queries(8):  # session, person, roles, jobs, steps, restarts
        assert len(SHOWN.findall(browser.get(PAGE).content.decode())) == 12
    with django_assert_max_num_queries(4):
        browser.get("/jobs/failed/")


@pytest.mark.parametrize("evil", ['"><script>alert(1)</script>', "'><img src=x>"])
def test_what_an_address_says_is_shown_as_text(
    fail: Callable[..., Job], global_admin: User, evil: str
) -> None:
    job = fail()
    Job.objects.filter(pk=job.pk).update(error_code=evil[:60], error_message=evil)
    browser = browser_of(global_admin)
    for html in (
        browser.get("/jobs/failed/").content.decode(),
        browser.get("/jobs/failed/", {"kind": toys.KIND, "code": evil}).content.decode(),
        browser.post(
            "/jobs/failed/", {"kind": toys.KIND, "code": evil, "job": [str(job.id)]}
        ).content.decode(),
    ):
        assert "<script>alert" not in html
        assert "<img" not in html


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_restart_each_job_once(
    fail: Callable[..., Job], global_admin: User, nobody: User
) -> None:
    jobs = [fail() for _ in range(6)]
    barrier, outcomes = threading.Barrier(2), []

    def press(user: User) -> None:
        barrier.wait()
        try:
            outcomes.extend(restarting.restart_each(jobs=jobs, user=user))
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[user]) for user in (global_admin, nobody)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 12
    assert sum(outcome.attempt is not None for outcome in outcomes) == 6
    assert {job.restarts.count() for job in jobs} == {1}


def test_the_page_wants_the_form_of_our_own_page(fail: Callable[..., Job], global_admin: User) -> None:
    job = fail()
    strict = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    strict.force_login(global_admin)
    sent = {"kind": toys.KIND, "code": "never", "job": [str(job.id)]}
    assert strict.post("/jobs/failed/", sent).status_code == 403
    assert not job.restarts.exists()


def test_failed_jobs_are_read_from_an_index_of_their_own(global_admin: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "jobs_job_by_cause" in causes.failed(global_admin).filter(kind=toys.KIND).explain()

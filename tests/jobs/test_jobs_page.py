"""A job's own page: attempts, resources, changes, events, and what can be done by whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from jobs import history, registry, restarting, runner, services, settle, transitions
from jobs.errors import Transient
from jobs.models import Job
from jobs.owner import Owner
from jobs.restarting import Rules
from jobs.states import TRANSITIONS, JobState
from jobs.transitions import Ending
from tests.jobs import toys
from tests.jobs.conftest import Enqueue

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(global_admin: User) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(global_admin)
    return client


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    yield
    restarting._rules.pop(toys.KIND, None)
    history._values.pop(toys.KIND, None)


def shown(browser: Client, job: Job) -> str:
    response = browser.get(f"/jobs/{job.id}/")
    assert response.status_code == 200
    return response.content.decode()


def part(html: str, start: str, end: str = "</dd>") -> str:
    """What stands between."""
    return html.split(start, 1)[1].split(end, 1)[0]


def failed(enqueue: Enqueue, *steps: str, **options: Any) -> Job:
    job = enqueue(*steps, "refuse:permanent", **options)
    runner.run(job.id)
    job.refresh_from_db()
    return job


def test_what_a_job_made_is_shown_with_its_scope_and_state(enqueue: Enqueue, browser: Client) -> None:
    job = enqueue("make", exclusive_key="thing:1")
    runner.run(job.id)
    made = job.steps.get(name="make").op_key
    html = shown(browser, job)
    table = part(html, "data-resources>", "</table>")
    assert table.count("data-resource=") == 1
    for words in ('data-resource="thing" data-resource-state="made"', str(made), "hosted by us", "this job"):
        assert words in table


def test_a_later_job_of_the_same_thing_shows_what_was_there_and_a_job_of_before_does_not(
    enqueue: Enqueue, browser: Client
) -> None:
    before = enqueue("note", exclusive_key="thing:1")
    runner.run(before.id)
    maker = enqueue("make", exclusive_key="thing:1")
    runner.run(maker.id)
    later = enqueue("note", exclusive_key="thing:1")
    assert "data-resources" not in shown(browser, before)
    table = part(shown(browser, later), "data-resources>", "</table>")
    assert f'href="/jobs/{maker.id}/">another job' in table


def test_rooms_say_what_people_call_their_resources(
    enqueue: Enqueue, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_kinds", {"thing": "A thing of ours"})
    job = enqueue("make")
    runner.run(job.id)
    assert "A thing of ours" in shown(browser, job)


def test_all_attempts_are_listed_from_each_of_them(enqueue: Enqueue, browser: Client, nobody: User) -> None:
    first = failed(enqueue, "note")
    second = services.restart(job_id=first.id, requested_by=nobody)
    runner.run(second.id)
    third = services.restart(job_id=second.id, requested_by=None)
    ids = [str(job.id) for job in (first, second, third)]
    for job in (first, second, third):
        table = part(shown(browser, job), "data-attempts>", "</table>")
        assert re.findall(r'<tr data-job="([^"]+)"', table) == ids
        assert first.error_id in table
        assert "Nobody Nowhere" in table
        assert table.count("(this one)") == 1


def test_a_job_without_other_attempts_has_no_list_of_them(enqueue: Enqueue, browser: Client) -> None:
    assert "data-attempts" not in shown(browser, enqueue("note"))


def test_an_attempt_with_other_values_says_what_was_changed_and_by_whom(
    enqueue: Enqueue, browser: Client, nobody: User
) -> None:
    def values(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [("Colour", inputs.get("colour", "")), ("Size", "7")]

    history.register_values(toys.KIND, values)
    old = failed(enqueue, "colour")
    plain = services.restart(job_id=old.id, requested_by=nobody)
    runner.run(plain.id)
    new = services.restart(
        job_id=plain.id, requested_by=nobody, inputs={**old.inputs, "colour": "<b>red</b>"}
    )
    html = part(shown(browser, new), "What was changed", "</dl>")
    assert "<bdi>Nobody Nowhere</bdi> changed these values" in html
    assert "<dt>Colour</dt>" in html
    assert "&lt;b&gt;red&lt;/b&gt;" in html
    assert "Size" not in html
    for job in (old, plain):
        assert "What was changed" not in shown(browser, job)


def test_restart_says_what_it_will_do_before_it_is_done(enqueue: Enqueue, browser: Client) -> None:
    html = shown(browser, failed(enqueue, "note:a", "check"))
    assert 'action="/jobs/' in part(html, 'data-can="restart"')
    plan = part(html, "What a restart will do", "</details>")
    for words in ("Note a: <strong>kept", "Check: <strong>verified again", "Refuse permanent: <strong>done"):
        assert words in plan


def test_the_other_jobs_of_the_same_cause_are_one_click_away(enqueue: Enqueue, browser: Client) -> None:
    job = failed(enqueue)
    assert "same cause" not in shown(browser, job)
    failed(enqueue)
    html = shown(browser, job)
    assert (
        f'href="/jobs/failed/?kind={toys.KIND}&amp;code=never">1 other job failed of the same cause' in html
    )


def test_what_cannot_be_done_says_why(enqueue: Enqueue, browser: Client) -> None:
    job = enqueue("note")
    html = shown(browser, job)
    assert "It is still at work." in part(html, 'data-can="restart"')
    assert "Cancel this job" in part(html, 'data-can="cancel"')
    runner.run(job.id)
    html = shown(browser, job)
    assert "It succeeded, so there is nothing to restart." in part(html, 'data-can="restart"')
    assert "It has ended." in part(html, 'data-can="cancel"')
    old = failed(enqueue)
    services.restart(job_id=old.id, requested_by=None)
    assert "It was restarted already" in part(shown(browser, old), 'data-can="restart"')


def test_a_kinds_own_reason_and_who_may_act_are_told(enqueue: Enqueue, browser: Client) -> None:
    job = failed(enqueue)
    restarting.register(
        toys.KIND, Rules(why_not=lambda jobs: {job.id: "Its time is over."}, who="All who toy.")
    )
    html = shown(browser, job)
    assert "Its time is over." in part(html, 'data-can="restart"')
    assert "All who toy." in html


def test_who_may_only_look_is_told_so_and_finds_no_button(
    enqueue: Enqueue, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarting.register(toys.KIND, Rules(who="Those who toy."))
    looking = replace(toys.TOY, may_act=lambda user, job: False, _by_name={})
    monkeypatch.setitem(registry._kinds, (toys.KIND, 1), looking)
    html = shown(browser, failed(enqueue))
    assert "you may only look" in html
    assert "/restart/" not in html
    assert "/cancel/" not in html


def test_a_cancellation_is_asked_for_until_the_worker_confirms_it(
    enqueue: Enqueue, browser: Client, global_admin: User
) -> None:
    job = enqueue("note", "note")
    claim = transitions.claim(job.id, owner=Owner.here())
    assert claim is not None
    browser.post(f"/jobs/{job.id}/cancel/")
    html = shown(browser, job)
    assert 'data-job-state="cancelling"' in html
    assert "its worker was told, and has not confirmed yet" in part(html, 'data-can="cancel"')
    assert "Gale Adams" in part(html, "Cancellation asked for by")
    assert "Cancel this job" not in html
    browser.post(f"/jobs/{job.id}/cancel/")  # a second time changes nothing
    assert Job.objects.get(pk=job.pk).state == "cancelling"
    settle.end(
        job.id,
        ending=Ending(JobState.CANCELLED, "cancel-confirmed"),
        sources=[JobState.CANCELLING],
        actor=str(Owner.here()),
        fence=claim.fence,
    )
    html = shown(browser, job)
    assert 'data-job-state="cancelled"' in html
    assert "Cancellation confirmed by its worker" in html
    assert 'action="/jobs/' in part(html, 'data-can="restart"')


def test_events_are_told_in_words_with_who_caused_them(
    enqueue: Enqueue, browser: Client, global_admin: User
) -> None:
    job = enqueue("note", "refuse:permanent", requested_by=global_admin)
    runner.run(job.id)
    html = part(shown(browser, job), "What happened", "</table>")
    for words in ("Asked for", "Gale Adams", "A worker took it", f"worker {Owner.here().pid}"):
        assert words in html
    assert "Step done (step 1)" in html
    assert "Failed (step 2)" in html


def test_of_very_many_events_the_first_and_the_last_are_shown(
    enqueue: Enqueue, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "FIRST_EVENTS", 2)
    monkeypatch.setattr(history, "LAST_EVENTS", 3)
    job = enqueue("note")

    def happen(*details: str) -> list[str]:
        for detail in details:
            job.events.create(
                at=job.created_at, name="paused", state="waiting", actor="system", detail=detail
            )
        rows = part(shown(browser, job), "data-events", "</table>").split("<tr ")[1:]
        return [re.sub(r"<[^>]+>|\s+", " ", row).split()[-1] for row in rows]

    assert happen("d2", "d3", "d4", "d5")[1:] == ["d2", "d3", "d4", "d5"]  # all five
    told = happen("d6", "d7", "d8")
    assert told[1:] == ["d2", "here.", "d6", "d7", "d8"]
    assert 'data-left-out="3"' in shown(browser, job)
    assert "3 events are left out here." in shown(browser, job)


def test_the_day_is_told_where_it_changes(enqueue: Enqueue, browser: Client) -> None:
    job = enqueue("note")
    for days in (0, 1, 1, 2):
        at = job.created_at + timedelta(days=days)
        job.events.create(at=at, name="paused", state="waiting", actor="system")
    table = part(shown(browser, job), "data-events", "</table>")
    assert table.count('class="event-day"') == 3


def test_every_transition_has_words() -> None:
    assert {transition.name for transition in TRANSITIONS} == set(history._EVENTS)


def test_a_page_costs_a_dozen_queries_whatever_is_on_it(
    enqueue: Enqueue, browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    old = enqueue("make", "make", "make", "note", "refuse:permanent", exclusive_key="thing:1")
    runner.run(old.id)
    for _ in range(3):
        new = services.restart(job_id=old.id, requested_by=None)
        runner.run(new.id)
        old = new
    with django_assert_max_num_queries(14):
        html = shown(browser, old)
    assert html.count("data-resource=") == 3


def test_a_refused_restart_says_why(enqueue: Enqueue, browser: Client) -> None:
    job = failed(enqueue)

    def begin(job: Job, user: User) -> Job:
        raise Transient("The directory does not answer.")

    restarting.register(toys.KIND, Rules(begin=begin))
    html = browser.post(f"/jobs/{job.id}/restart/", follow=True).content.decode()
    assert "The directory does not answer." in html
    assert not job.restarts.exists()

"""The Jobs tab: who sees what, filters, pages by key, polling. Its jobs know nothing of portals."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import permissions
from accounts.models import User
from accounts.roles import OrganizationRole
from jobs import listing, registry, runner, services
from jobs.listing import Asked
from jobs.models import Job
from jobs.registry import Subject
from jobs.states import FINISHED, JobState
from tests.jobs import toys
from tests.jobs.conftest import Enqueue

pytestmark = pytest.mark.django_db

ROW = re.compile(r'<tr data-job="([^"]+)" data-job-state="([^"]+)"')


def browser_of(user: User) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    return client


def rows(html: str) -> list[str]:
    return [job_id for job_id, _ in ROW.findall(html)]


@pytest.fixture
def many(db: None) -> list[Job]:
    """120 finished jobs, newest first, some of the same moment."""
    now = timezone.now()
    made = [
        Job(
            kind=toys.KIND,
            definition=1,
            inputs={},
            step_count=3,
            cursor=3,
            state=JobState.SUCCEEDED,
            run_at=now,
            created_at=now - timedelta(minutes=number // 3),
            started_at=now - timedelta(minutes=number // 3),
            finished_at=now,
        )
        for number in range(120)
    ]
    return sorted(Job.objects.bulk_create(made), key=lambda job: (job.created_at, job.id), reverse=True)


def test_pages_are_newest_first_and_whole(
    many: list[Job], global_admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 7)
    now, expected = timezone.now(), [job.id for job in many]
    page = listing.page_of(global_admin, Asked(), now=now)
    last = listing.page_of(global_admin, Asked(after=page.last), now=now)
    found = [job.id for job in page.rows]
    while page.next:
        page = listing.page_of(global_admin, Asked(after=page.next), now=now)
        found += [job.id for job in page.rows]
    assert found == expected
    assert [job.id for job in last.rows] == expected[-7:]
    page = listing.page_of(global_admin, Asked(after=page.previous), now=now)
    assert [job.id for job in page.rows] == expected[-8:-1]


@pytest.mark.parametrize("cursor", ["x", "%", "A" * 9000, "WzEsMl0", "W10"])
def test_a_nonsense_cursor_is_page_one(many: list[Job], global_admin: User, cursor: str) -> None:
    html = browser_of(global_admin).get("/jobs/", {"after": cursor}).content.decode()
    assert rows(html) == [str(job.id) for job in many[:50]]


def test_tenant_administrators_see_all_and_others_those_of_their_organizations(
    enqueue: Enqueue, global_admin: User, nobody: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = uuid4(), uuid4()
    for instance in (mine, other, None):
        inputs = {"steps": [], "world": ""} | ({"instance_id": str(instance)} if instance else {})
        services.enqueue(kind=toys.KIND, inputs=inputs)
    roles = {mine: frozenset({OrganizationRole.SYSTEM_ADMINISTRATOR})}
    monkeypatch.setattr(permissions, "_role_sources", [lambda object_id: roles if object_id == known else {}])
    known: UUID | None = None
    assert listing.visible_jobs(global_admin).count() == 3
    assert listing.visible_jobs(nobody).count() == 0
    known = nobody.directory_object_id
    del nobody._organization_roles  # type: ignore[attr-defined]
    assert [job.inputs["instance_id"] for job in listing.visible_jobs(nobody)] == [str(mine)]
    roles[mine] = frozenset({OrganizationRole.SYSTEM_CUSTOMIZER})
    del nobody._organization_roles  # type: ignore[attr-defined]
    assert listing.visible_jobs(nobody).count() == 0


def test_every_link_of_the_polled_list_has_an_id_by_which_the_focus_stays(
    many: list[Job], global_admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 7)
    browser = browser_of(global_admin)
    html = browser.get("/jobs/list/").content.decode()
    following = re.search(r'id="page-next" href="\?([^"]+)"', html)
    assert following
    html = browser.get(f"/jobs/list/?{following[1]}").content.decode()
    links = [link for link in re.findall(r"<a [^>]+>", html) if ' href=""' not in link]
    assert len(links) == 7 + 4
    assert [link for link in links if ' id="' not in link] == []


def test_jobs_of_kinds_that_this_process_does_not_know_have_no_page(
    enqueue: Enqueue, global_admin: User
) -> None:
    job = enqueue("note")
    Job.objects.filter(pk=job.pk).update(kind="from-the-future")
    html = browser_of(global_admin).get("/jobs/").content.decode()
    assert rows(html) == []
    assert browser_of(global_admin).get(f"/jobs/{job.id}/").status_code == 403


def test_nobody_gets_in_without_signing_in(db: None) -> None:
    for path in ("/jobs/", "/jobs/list/"):
        assert "/accounts/login/" in Client(HTTP_HOST="localhost").get(path)["Location"]


def failed(enqueue: Enqueue, by: User | None = None) -> Job:
    job = enqueue("note:a", "refuse:permanent", requested_by=by)
    runner.run(job.id)
    job.refresh_from_db()
    return job


def test_a_row_tells_of_its_job(enqueue: Enqueue, global_admin: User, nobody: User) -> None:
    job = failed(enqueue, nobody)
    html = browser_of(global_admin).get("/jobs/").content.decode()
    assert f'data-job="{job.id}" data-job-state="failed"' in html
    for words in (f'href="/jobs/{job.id}/"', "Toy", "Failed", "1 of 2", "Nobody Nowhere", job.error_id):
        assert words in html
    waiting = enqueue("note:a", "note:b", "note:c")
    found = listing.listing(global_admin, Asked(), now=timezone.now()).rows[0]
    assert (found.job.id, found.step, found.state, found.duration) == (waiting.id, "1 of 3", "Queued", "")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (7.25, "7.2 s"), (59.9, "59.9 s"), (61, "1 min 1 s"), (7322, "2 h 2 min")],
)
def test_durations(seconds: float, words: str) -> None:
    row = listing.Row(Job(), "", None, "", "", timedelta(seconds=seconds))
    assert row.duration == words


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 3),
        ({"state": "failed"}, 1),
        ({"state": "active"}, 1),
        ({"state": "attention"}, 1),
        ({"state": "cancelled"}, 1),
        ({"state": "quarantined"}, 0),
        ({"state": "nonsense"}, 3),
        ({"kind": "toy"}, 3),
        ({"kind": "nonsense"}, 3),
        ({"age": "1"}, 2),
        ({"age": "24"}, 3),
        ({"age": "-1"}, 3),
        ({"person": "NOBODY"}, 1),
        ({"person": "no@contoso"}, 1),
        ({"person": "%"}, 0),
        ({"person": "_"}, 0),
        ({"person": "zzz"}, 0),
        ({"error": "upper"}, 1),
        ({"error": "lower"}, 1),
        ({"error": "part"}, 0),
        ({"error": "zzz"}, 0),
        ({"state": "failed", "person": "nobody", "error": "lower"}, 1),
        ({"state": "active", "error": "lower"}, 0),
    ],
)
def test_filters(
    enqueue: Enqueue, global_admin: User, nobody: User, query: dict[str, str], found: int
) -> None:
    job = failed(enqueue, nobody)
    enqueue("note")
    old = enqueue("note")
    services.cancel(job_id=old.id, requested_by=None)
    Job.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=5))
    words = {
        "upper": f" {job.error_id.upper()} ",
        "lower": job.error_id.lower(),
        "part": job.error_id[:4],
    }
    sent = {name: words.get(value, value) for name, value in query.items()}
    assert len(rows(browser_of(global_admin).get("/jobs/", sent).content.decode())) == found


def test_what_jobs_are_about_is_found_for_the_whole_page_at_once(
    enqueue: Enqueue, global_admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []

    def resolver(values: object) -> dict[str, Subject]:
        assert isinstance(values, set)
        asked.append(values)
        return {"a": Subject("<b>Thing</b>", "/things/a/")}

    monkeypatch.setattr(listing, "_resolvers", {})
    listing.register_subjects("thing", resolver)
    for thing in ("a", "a", "gone", None):
        inputs: dict[str, object] = {"steps": [], "world": "", **({"thing": thing} if thing else {})}
        services.enqueue(kind=toys.KIND, inputs=inputs)
    html = browser_of(global_admin).get("/jobs/").content.decode()
    assert asked == [{"a", "gone"}]
    assert html.count('href="/things/a/"') == 2
    assert "&lt;b&gt;Thing" in html
    assert "<b>Thing" not in html


@pytest.mark.parametrize("evil", ['"><script>alert(1)</script>', "'><img src=x>"])
def test_what_is_typed_is_shown_as_text(many: list[Job], global_admin: User, evil: str) -> None:
    browser = browser_of(global_admin)
    for name in ("person", "error", "state", "kind", "age", "after"):
        for path in ("/jobs/", "/jobs/list/"):
            html = browser.get(path, {name: evil}).content.decode()
            assert "<script>alert" not in html
            assert "<img" not in html


def test_a_page_costs_five_queries(
    many: list[Job], global_admin: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(global_admin)
    with django_assert_max_num_queries(4):  # session, person, directory roles, jobs
        response = browser.get("/jobs/")
    assert len(rows(response.content.decode())) == 50


def polled(html: str) -> str:
    found = re.search(r'id="jobs"[^>]*hx-get="([^"]+)" hx-trigger="every \d+s"', html)
    assert found
    return found[1].replace("&amp;", "&")


def test_an_unchanged_poll_is_empty_and_cheap(
    enqueue: Enqueue, global_admin: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    job, browser = enqueue("note"), browser_of(global_admin)
    address = polled(browser.get("/jobs/?state=").content.decode())
    with django_assert_max_num_queries(4):
        response = browser.get(address)
    assert (response.status_code, response.content) == (204, b"")
    assert "no-store" in response["Cache-Control"]
    runner.run(job.id)
    response = browser.get(address)
    assert response.status_code == 200
    assert "HX-Push-Url" not in response
    assert 'data-job-state="succeeded"' in response.content.decode()


def test_later_pages_are_polled_only_while_something_moves(many: list[Job], global_admin: User) -> None:
    now = timezone.now()
    first = listing.listing(global_admin, Asked(), now=now)
    second = listing.listing(global_admin, Asked(after=first.page.next), now=now)
    assert (first.interval, second.interval) == (listing._QUIET, 0)


@pytest.mark.parametrize(("age", "interval"), [(1, 2), (60, 4), (300, 10), (4000, 30)])
def test_the_page_asks_less_often_as_jobs_grow_old(
    enqueue: Enqueue, global_admin: User, age: int, interval: int
) -> None:
    now = enqueue("note").created_at + timedelta(seconds=age)
    assert listing.listing(global_admin, Asked(), now=now).interval == interval


def test_the_fragment_names_the_pages_address(many: list[Job], global_admin: User) -> None:
    response = browser_of(global_admin).get("/jobs/list/?state=active&kind=&age=24")
    assert response["HX-Push-Url"] == "/jobs/?state=active&age=24"
    assert "No job matches these filters." in response.content.decode()


def test_empty(global_admin: User) -> None:
    assert "There are no jobs that you may see." in browser_of(global_admin).get("/jobs/").content.decode()


def test_every_state_is_in_one_group_at_most() -> None:
    active, attention = (states for _, states in listing.GROUPS.values())
    assert not active & attention
    assert attention < FINISHED
    assert {name for name, _ in listing.states()} == {"active", "attention", *JobState}


def test_an_organizations_jobs_are_read_from_an_index(
    enqueue: Enqueue, nobody: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere: Callable[..., set[UUID]] = lambda user, *roles: {uuid4()}  # noqa: E731
    monkeypatch.setattr(permissions, "instances_with", everywhere)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "jobs_job_by_instance" in listing.visible_jobs(nobody).order_by("-created_at", "-id").explain()


def test_kinds_are_called_by_their_titles() -> None:
    assert (toys.KIND, "Toy") in listing.kinds()
    assert {name for name, _ in listing.kinds()} == set(registry.names())

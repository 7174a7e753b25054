"""The page of the audit trail: who may read it, filters, pages by key, its file, and what it costs at size."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import audit
from accounts.audit import Kind, Subject, Verb, listing, subjects
from accounts.audit.listing import Asked
from accounts.models import AuditRecord, DirectoryRoleAssignment, User
from accounts.roles import DirectoryRole

pytestmark = pytest.mark.django_db

ROW = re.compile(r'<tr data-audit="([^"]+)"')
PORTAL = "6f3f9a0e-3f0b-4d52-9d1c-2f6d0f6b7a11"


@pytest.fixture
def browser(global_admin: User) -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(global_admin)
    return client


@pytest.fixture(autouse=True)
def gadgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind of thing, as a room above would register one."""
    monkeypatch.setattr(subjects, "_kinds", {**subjects.kinds()})
    audit.register("gadget", Kind("Gadget", url=lambda id: f"/gadgets/{id}/"))


def write(number: int = 1, **values: Any) -> AuditRecord:
    """One record; its number makes it younger."""
    first = datetime(2026, 3, 1, 12, tzinfo=UTC)
    defaults = {"verb": Verb.SUBMIT, "result": "done", "subject_kind": "gadget", "actor": "Gale Adams"}
    return AuditRecord.objects.create(**{**defaults, "at": first + timedelta(minutes=number), **values})


def found(**asked: str) -> set[str]:
    return {record.subject_name for record in listing.records(Asked.from_query(asked))}


@pytest.fixture
def various() -> None:
    write(1, subject_name="one", login="gale.adams@contoso.example")
    write(2, subject_name="two", actor="Zoë Müller", login="zoe@contoso.example", verb=Verb.RESET_PORTAL)
    write(3, subject_name="three", actor="worker", result="failed", error_id="8F3A22C1", subject_id="3")
    write(4, subject_name="four", subject_kind="person", actor="", address="203.0.113.9", result="refused")
    write(
        5, subject_name="Contoso Support", subject_id=PORTAL, at=datetime(2026, 4, 2, 23, 59, 59, tzinfo=UTC)
    )
    write(6, subject_name="six", about_kind="gadget", about_id=PORTAL, at=datetime(2026, 4, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"q": "gale"}, {"one", "three", "four", "Contoso Support", "six"} - {"three", "four"}),
        ({"q": "MULLER"}, {"two"}),
        ({"q": "zoe müll"}, {"two"}),
        ({"q": "supp conto"}, {"one", "two", "Contoso Support"} - {"one", "two"}),
        ({"q": "contoso"}, {"one", "two", "Contoso Support"}),
        ({"q": "8f3a22c1"}, {"three"}),
        ({"q": "203.0.113.9"}, {"four"}),
        ({"q": PORTAL}, {"Contoso Support", "six"}),
        ({"q": "nothing"}, set()),
        ({"q": "' | :* & !"}, {"one", "two", "three", "four", "Contoso Support", "six"}),
        ({"person": "contoso"}, {"one", "two"}),
        ({"person": "zoe@contoso.example"}, {"two"}),
        ({"person": "worker"}, {"three"}),
        ({"person": "gale", "verb": "reset-portal"}, set()),
        ({"verb": "reset-portal"}, {"two"}),
        ({"verb": "no such verb"}, {"one", "two", "three", "four", "Contoso Support", "six"}),
        ({"result": "refused"}, {"four"}),
        ({"kind": "person"}, {"four"}),
        ({"subject": PORTAL}, {"Contoso Support", "six"}),
        ({"subject": "3"}, {"three"}),
        ({"error": "8f3a22c1"}, {"three"}),
        ({"error": " "}, {"one", "two", "three", "four", "Contoso Support", "six"}),
        ({"since": "2026-04-02"}, {"Contoso Support", "six"}),
        ({"since": "2026-04-02", "until": "2026-04-02"}, {"Contoso Support"}),
        ({"until": "2026-03-01"}, {"one", "two", "three", "four"}),
        ({"since": "2026-13-01", "until": "x"}, {"one", "two", "three", "four", "Contoso Support", "six"}),
        ({"until": "9999-12-31"}, {"one", "two", "three", "four", "Contoso Support", "six"}),
        ({"since": "9999-12-31"}, set()),
    ],
)
def test_filters_find(various: None, asked: dict[str, str], names: set[str]) -> None:
    assert found(**asked) == names


def test_a_nonsense_question_asks_for_nothing() -> None:
    for value in ("\0", "%", "x" * 9999, "‮", "\ud7ff", "';--", "0001-01-01", "10000-01-01"):
        query = dict.fromkeys(Asked.__dataclass_fields__, value)
        list(listing.listing(Asked.from_query(query)).rows)


def test_pages_are_newest_first_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 7)
    for number in range(30):
        write(number // 3, subject_name=str(number))  # some of the same moment
    expected = list(AuditRecord.objects.order_by("-at", "-id").values_list("id", flat=True))
    page = listing.listing(Asked()).page
    last = listing.listing(Asked(after=page.last)).page
    walked = [record.id for record in page.rows]
    while page.next:
        page = listing.listing(Asked(after=page.next)).page
        walked += [record.id for record in page.rows]
    assert walked == expected
    assert [record.id for record in last.rows] == expected[-7:]


def test_it_is_for_global_administrators_and_support_staff(nobody: User, global_admin: User) -> None:
    support = User.objects.create_user(email="sa@contoso.example", display_name="Sven Aalto")
    DirectoryRoleAssignment.objects.create(user=support, role=DirectoryRole.SERVICE_ADMINISTRATOR)
    for user, status in ((nobody, 403), (global_admin, 200), (support, 200)):
        client = Client(HTTP_HOST="localhost")
        client.force_login(user)
        for path in ("/audit/", "/audit/list/", "/audit/export.csv"):
            assert client.get(path).status_code == status
        tab = 'href="/audit/"' in client.get("/applications/").content.decode()
        assert tab == (status == 200)


def test_a_row_tells_everything(browser: Client) -> None:
    audit.record(
        Verb.UPDATE_DETAILS,
        subject=Subject("gadget", "7", "<b>Contoso</b>"),
        by="worker",
        before={"name": "Old", "language": 1033, "add_ons": ["a", "b"]},
        after={"name": "New", "language": 1031, "add_ons": [], "is_on": True},
        reason="It was time.",
        error_id="8F3A22C1",
    )
    html = browser.get("/audit/").content.decode()
    assert 'data-verb="update-details" data-result="done"' in html
    for words in ("worker", "Update the details", "Done", "Gadget", "It was time.", "<code>8F3A22C1</code>"):
        assert words in html
    assert 'href="/gadgets/7/" dir="auto">&lt;b&gt;Contoso&lt;/b&gt;</a>' in html
    assert "<bdi>Old</bdi> → <bdi>New</bdi>" in html
    assert "<bdi>1033</bdi> → <bdi>1031</bdi>" in html
    assert "<bdi>a, b</bdi> → <bdi>—</bdi>" in html
    assert "1 more value" in html


def test_a_page_about_one_thing_says_so(browser: Client, various: None) -> None:
    html = browser.get("/audit/", {"subject": PORTAL}).content.decode()
    assert 'Only what concerns <strong dir="auto">Contoso Support</strong>' in html
    assert f'<input type="hidden" name="subject" value="{PORTAL}">' in html


def test_an_empty_trail_and_an_empty_answer_say_so(browser: Client) -> None:
    assert "Nothing was written down yet." in browser.get("/audit/").content.decode()
    assert "No record matches these filters." in browser.get("/audit/?q=zzz").content.decode()


def test_the_fragment_is_the_list_and_names_its_address(browser: Client, various: None) -> None:
    response = browser.get("/audit/list/", {"q": "müller", "verb": ""}, headers={"HX-Request": "true"})
    assert response["HX-Push-Url"] == "/audit/?q=m%C3%BCller"
    html = response.content.decode()
    assert html.startswith('<section id="audit"')
    assert len(ROW.findall(html)) == 1
    assert "1 record on this page" in html


def test_the_page_speaks_the_readers_language(browser: Client, various: None) -> None:
    html = browser.get("/audit/", headers={"Accept-Language": "de"}).content.decode()
    assert "02.04.2026, 23:59:59 UTC" in html


# --- export ---------------------------------------------------------------------------------------------------------


def exported(browser: Client, **query: str) -> list[dict[str, str]]:
    response: Any = browser.get("/audit/export.csv", query)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert f"audit-{timezone.now():%Y-%m-}" in response["Content-Disposition"]
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_the_export_is_what_the_filter_finds_newest_first(browser: Client, various: None) -> None:
    rows = exported(browser, until="2026-03-01")
    assert [row["On what"] for row in rows] == ["four", "three", "two", "one"]
    assert rows[1]["Error ID"] == "8F3A22C1"
    assert rows[1]["Time (UTC)"] == "2026-03-01 12:03:00.000000"
    assert (rows[1]["What"], rows[1]["Result"], rows[1]["Kind"]) == (
        "Submit the configuration",
        "Failed",
        "Gadget",
    )


def test_that_the_trail_was_exported_is_in_the_trail(browser: Client, global_admin: User) -> None:
    (row,) = exported(browser)
    assert (row["What"], row["E-mail address"]) == ("Export the audit trail", global_admin.email)
    assert AuditRecord.objects.get().after == {"filter": ""}


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_no_cell_of_the_export_is_a_formula(browser: Client, name: str) -> None:
    write(subject_name=name, actor=name, reason=name, agent=name, login=name, before={name: name}, code=name)
    row = exported(browser, until="2026-03-01")[0]
    for column in ("Who", "On what", "Reason", "Browser or process", "E-mail address", "Code"):
        assert row[column] == "'" + name
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())


# --- what it costs --------------------------------------------------------------------------------------------------


def test_a_page_takes_few_queries_however_many_records_there_are(
    browser: Client, various: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        write(number, subject_id=str(number))
    with django_assert_max_num_queries(4):  # session, person, roles, records
        browser.get("/audit/")


_FILL = """
INSERT INTO accounts_auditrecord (id, at, person_id, login, actor, verb, result, subject_kind, subject_id, subject_name,
    about_kind, about_id, before, after, code, reason, error_id, address, agent, path)
SELECT gen_random_uuid(), now() - n * interval '1 minute', n % 200, 'p' || n % 200 || '@bench.example',
    'Person ' || n % 200, (ARRAY['sign-in', 'submit', 'end-job', 'phase', 'reset-portal'])[1 + n % 5],
    CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'done' END, (ARRAY['gadget', 'person', 'page'])[1 + n % 3],
    md5((n % 5000)::text), 'Portal ' || n % 5000, 'gadget', md5((n % 2500)::text), '{}', '{}', '', '',
    CASE WHEN n % 50 = 0 THEN upper(left(md5(n::text), 8)) ELSE '' END, '203.0.113.9', 'Mozilla/5.0', 'POST /'
FROM generate_series(1, 100000) AS n
"""


@pytest.fixture(scope="module")
def hundred_thousand(django_db_setup: None, django_db_blocker: Any) -> Any:
    """Committed once for this module; what is left is removed as the retention command does it."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(_FILL)
        cursor.execute("ANALYZE accounts_auditrecord")
        yield
        cursor.execute("TRUNCATE accounts_auditrecord")  # the tests' database allows it


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "accounts_audit_newest"),
        ({"verb": "reset-portal"}, r"accounts_audit_(newest|by_verb)"),
        ({"verb": "export-audit"}, "accounts_audit_by_verb"),
        ({"result": "failed"}, r"accounts_audit_(newest|by_result)"),
        ({"kind": "person"}, r"accounts_audit_(newest|by_kind)"),
        ({"subject": "1679091c5a880faf6fb5e6087eb1b2dc"}, "accounts_audit_by_about"),
        ({"error": "c4ca4238"}, "accounts_audit_by_error_id"),
        (
            {
                "since": f"{date.today() - timedelta(days=40)}",
                "until": f"{date.today() - timedelta(days=39)}",
            },
            "accounts_audit_newest",
        ),
        ({"q": "person 17"}, r"accounts_audit_(newest|by_words)"),
        ({"q": "zzqx"}, "accounts_audit_by_words"),
        ({"person": "p17"}, r"accounts_audit_(newest|by_words)"),
        ({"q": "portal 4711"}, "accounts_audit_by_words"),
    ],
)
def test_a_hundred_thousand_records_are_answered_by_an_index(
    hundred_thousand: None, asked: dict[str, str], index: str
) -> None:
    rows = listing.NEWEST.applied(listing.records(Asked.from_query(asked)))[: listing.PAGE + 1]
    plan = rows.explain(analyze=True)
    assert re.search(index, plan), plan
    assert "Seq Scan" not in plan, plan

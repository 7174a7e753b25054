"""The audit trail: who is written down for what, what is never written down, and that nothing takes it back."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import audit, limits
from accounts.audit import Result, Subject, Verb, middleware, origin, retention, scrubbing
from accounts.models import AuditRecord, User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

PORTAL = Subject("page", "4711", "Contoso Support")


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_HOST="localhost")


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()


def only() -> AuditRecord:
    (record,) = AuditRecord.objects.all()
    return record


def sign_in(browser: Client, email: str, password: str = PASSWORD, **headers: Any) -> Any:
    return browser.post("/accounts/login/", {"login": email, "password": password}, **headers)


# --- one record -----------------------------------------------------------------------------------------------------


def test_a_record_tells_who_what_on_what_before_and_after(global_admin: User) -> None:
    audit.record(
        Verb.UPDATE_DETAILS,
        subject=Subject("job", "1", "Provision", about=("portal", "2")),
        by=global_admin,
        before={"name": "Old"},
        after={"name": "New"},
        error_id="8F3A22C1",
    )
    record = only()
    assert (record.person_id, record.login, record.actor) == (
        global_admin.pk,
        global_admin.email,
        "Gale Adams",
    )
    assert (record.verb, record.result, record.error_id) == ("update-details", "done", "8F3A22C1")
    assert (record.subject_kind, record.subject_id, record.subject_name) == ("job", "1", "Provision")
    assert (record.about_kind, record.about_id) == ("portal", "2")
    assert (record.before, record.after) == ({"name": "Old"}, {"name": "New"})
    assert abs(record.at - timezone.now()) < timedelta(minutes=1)


def test_a_record_survives_the_person(global_admin: User) -> None:
    audit.record(Verb.SIGN_OUT, subject=PORTAL, by=global_admin)
    pk = global_admin.pk
    global_admin.delete()
    assert (only().person_id, only().login) == (pk, "ga@contoso.example")


def test_what_no_person_does_a_process_of_ours_does() -> None:
    audit.record(Verb.END_JOB, subject=PORTAL)
    assert (only().person_id, only().login, only().address) == (None, "", None)
    assert only().actor == "system"
    assert f"(process {os.getpid()})" in only().agent


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["/x/celery/__main__.py", "-A", "portaladmin", "worker"], "worker"),
        (["/x/celery/__main__.py", "-A", "portaladmin", "beat"], "beat"),
        (["manage.py", "purge_jobs", "--older-than", "3"], "manage.py purge_jobs"),
        (["gunicorn"], "system"),
    ],
)
def test_a_process_is_called_what_it_is(monkeypatch: pytest.MonkeyPatch, argv: list[str], name: str) -> None:
    monkeypatch.setattr("sys.argv", argv)
    assert origin.process() == name


def test_a_change_that_is_rolled_back_leaves_no_record() -> None:
    def change() -> None:
        audit.record(Verb.SUBMIT, subject=PORTAL)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transaction.atomic(change)()
    assert not AuditRecord.objects.exists()


def test_only_what_differs_is_written_down_and_nothing_when_nothing_does() -> None:
    assert not audit.changed(Verb.PHASE, subject=PORTAL, before={"a": 1}, after={"a": 1})
    assert not AuditRecord.objects.exists()
    assert audit.changed(Verb.PHASE, subject=PORTAL, before={"a": 1, "b": 2}, after={"a": 1, "b": 3, "c": 4})
    assert (only().before, only().after) == ({"b": 2}, {"b": 3, "c": 4})


# --- secrets --------------------------------------------------------------------------------------------------------

SECRETS = {
    "password": "hunter2",
    "client_secret": "s3cr3t",
    "clientSecret": "s3cr3t",
    "access_token": "t0ken",
    "csrfmiddlewaretoken": "t0ken",
    "private_key": "k3y",
    "shared_key": "k3y",
    "passphrase": "hunter2",
    "Authorization": "Bearer t0ken",
    "session": "cookie",
    "credentials": {"user": "x", "value": "hunter2"},
    "some_text": "-----BEGIN PRIVATE KEY-----\nk3y",
    "sealed_by_us": "v1.3.c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
    "note": "v1.3.c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
    "hub_uri": "sb://x;SharedAccessKey=k3y",
    "address": "postgresql://portal:hunter2@db/portal",
}


def test_no_secret_is_ever_written_down() -> None:
    audit.record(Verb.SUBMIT, subject=PORTAL, before=SECRETS, after={"deep": {"list": [SECRETS]}})
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_auditrecord::text FROM accounts_auditrecord")
        (row,) = cursor.fetchone()
    for secret in ("hunter2", "s3cr3t", "t0ken", "k3y", "cookie", "c2VjcmV0"):
        assert secret not in row


def test_what_only_sounds_like_a_secret_stays() -> None:
    harmless = {"client_secret_id": "1", "name": "Keyword Support", "subdomain": "monkeys", "is_on": True}
    assert scrubbing.values(harmless) == harmless


def test_texts_are_bounded_and_hold_what_a_database_keeps() -> None:
    audit.record(
        Verb.SUBMIT,
        subject=Subject("page", "x" * 999, "n\x00ame\r\nForged: line \ud800" + "y" * 999),
        after={"long": "z" * 100_000, "nul": "a\x00b", "infinite": float("inf"), "many": list(range(1000))},
        reason="r" * 100_000,
        code="c" * 999,
    )
    record = only()
    assert record.subject_name.startswith("n ame Forged: line ?")
    assert len(json.dumps(record.after)) < 2000
    assert record.after["nul"] == "a b"
    assert (len(record.reason), len(record.code), len(record.subject_id)) == (1000, 60, 64)


def test_what_the_database_says_of_a_refused_row_is_not_repeated() -> None:
    error = IntegrityError("Key (email)=(someone@contoso.example) already exists.")
    audit.refused(Verb.SUBMIT, subject=PORTAL, error=error)
    assert (only().result, only().code) == ("failed", "IntegrityError")
    assert "someone" not in only().reason


# --- nothing takes it back ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditrecord SET actor = 'somebody else'",
        "DELETE FROM accounts_auditrecord",
        "TRUNCATE accounts_auditrecord",
        "TRUNCATE accounts_auditrecord CASCADE",
        "SET LOCAL portaladmin.audit_purge = ''; DELETE FROM accounts_auditrecord",
        "SET LOCAL portaladmin.audit_purge = '2999-01-01'; DELETE FROM accounts_auditrecord",
        "SET LOCAL portaladmin.audit_purge = '2999-01-01'; UPDATE accounts_auditrecord SET at = at - interval '9 y'",
        "SET LOCAL portaladmin.audit_purge = '2999-01-01'; TRUNCATE accounts_auditrecord",
        "INSERT INTO accounts_auditrecord SELECT * FROM accounts_auditrecord ON CONFLICT (id) DO UPDATE SET actor = ''",
    ],
)
def test_the_database_refuses_to_change_or_remove_a_record(statement: str) -> None:
    audit.record(Verb.SUBMIT, subject=PORTAL)
    before = AuditRecord.objects.values().get()
    # The tests' own cleaning needs this trigger switched off; the product never does.
    guarded = (
        "ALTER TABLE accounts_auditrecord ENABLE ALWAYS TRIGGER accounts_audit_no_truncate; " + statement
    )
    with pytest.raises(IntegrityError, match="only added to"), transaction.atomic():
        connection.cursor().execute(guarded)
    assert AuditRecord.objects.values().get() == before


def test_no_session_switches_that_off() -> None:
    """A = always, also where ordinary triggers rest (session_replication_role)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgenabled FROM pg_trigger WHERE tgname = 'accounts_audit_protect'")
        assert cursor.fetchall() == [("A",)]


def test_neither_do_objects() -> None:
    audit.record(Verb.SUBMIT, subject=PORTAL)
    record = only()
    record.actor = "somebody else"
    for take_back in (record.save, record.delete, AuditRecord.objects.all().delete):
        with pytest.raises(IntegrityError), transaction.atomic():
            take_back()
    assert only().actor == "system"


def aged(days: int) -> None:
    AuditRecord.objects.create(
        at=timezone.now() - timedelta(days=days), verb=Verb.SUBMIT, result=Result.DONE, subject_kind="page"
    )


def test_the_retention_command_is_the_only_way_out_and_tells_of_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for days in (500, 400, 399, 20):
        aged(days)
    call_command("purge_audit", "--older-than", "400", "--dry-run")
    assert AuditRecord.objects.count() == 4
    assert "Would remove 2 audit records" in capsys.readouterr().out
    call_command("purge_audit", "--older-than", "400")
    assert "Removed 2 audit records" in capsys.readouterr().out
    told = AuditRecord.objects.get(verb=Verb.PURGE_AUDIT)
    assert told.before["records"] == 2
    assert AuditRecord.objects.count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():  # the permission ended with the command
        AuditRecord.objects.all().delete()


def test_the_retention_goes_on_over_batches() -> None:
    for days in range(100, 107):
        aged(days)
    assert retention.purge(older_than=timedelta(days=40), batch=3) == 7
    assert AuditRecord.objects.filter(verb=Verb.PURGE_AUDIT).count() == 3


@pytest.mark.parametrize("days", ["0", "29", "-1", "x", "9999999999", "٣٠٠"])
def test_young_records_stay_whatever_is_asked(days: str) -> None:
    aged(10)
    with pytest.raises(CommandError, match=r"no number of days|expected one argument"):
        call_command("purge_audit", f"--older-than={days}")
    assert AuditRecord.objects.count() == 1


# --- signing in and out ---------------------------------------------------------------------------------------------


def test_signing_in_and_out_is_written_down(browser: Client, global_admin: User) -> None:
    sign_in(browser, global_admin.email, HTTP_USER_AGENT="Mozilla/5.0 (X11)" + "x" * 500)
    record = only()
    assert (record.verb, record.result, record.login) == ("sign-in", "done", global_admin.email)
    assert (record.address, record.path) == ("127.0.0.1", "POST /accounts/login/")
    assert record.agent.startswith("Mozilla/5.0 (X11)xxx")
    assert len(record.agent) == 200
    browser.post("/accounts/logout/")
    assert list(AuditRecord.objects.order_by("at").values_list("verb", "result", "login")) == [
        ("sign-in", "done", global_admin.email),
        ("sign-out", "done", global_admin.email),
    ]


def test_a_sign_in_that_fails_is_written_down_with_the_address_but_not_the_password(
    browser: Client, global_admin: User
) -> None:
    sign_in(browser, global_admin.email, "hunter2 hunter2")
    sign_in(browser, "nobody@" + ".".join(["x" * 60] * 3) + ".example", "hunter2 hunter2")
    known, unknown = AuditRecord.objects.order_by("at")
    assert (known.verb, known.result, known.code) == ("sign-in", "refused", "wrong_password_or_address")
    assert (known.subject_name, known.person_id, known.login) == (global_admin.email, None, "")
    assert unknown.subject_name.startswith("nobody@xxx")
    assert "hunter2" not in str(list(AuditRecord.objects.values()))


def test_too_many_tries_are_written_down_as_such(browser: Client, global_admin: User) -> None:
    for _ in range(6):
        sign_in(browser, global_admin.email, "wrong")
    codes = list(AuditRecord.objects.order_by("at").values_list("result", "code"))
    assert codes == [("refused", "wrong_password_or_address")] * 5 + [("refused", "too_many_login_attempts")]
    assert AuditRecord.objects.latest("at").reason.startswith(
        "Too many failed"
    )  # a sentence, not a list of one


def test_one_address_of_the_network_may_sign_in_thirty_times_a_minute(global_admin: User) -> None:
    answers = [sign_in(Client(HTTP_HOST="localhost"), global_admin.email).status_code for _ in range(31)]
    assert answers == [302] * 30 + [429]


def test_an_account_that_is_switched_off_leaves_its_try(browser: Client, nobody: User) -> None:
    User.objects.filter(pk=nobody.pk).update(is_active=False)
    sign_in(browser, nobody.email)
    assert (only().verb, only().result, only().code) == ("sign-in", "refused", "switched_off")
    assert only().subject_id == str(nobody.pk)


def test_no_sign_in_without_its_record(
    browser: Client, global_admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr("accounts.audit.recording.write", broken)
    with pytest.raises(DatabaseError):
        sign_in(browser, global_admin.email)
    assert browser.get("/applications/").status_code == 302


# --- refusals -------------------------------------------------------------------------------------------------------


def test_a_page_that_is_not_allowed_is_written_down(browser: Client, nobody: User) -> None:
    browser.force_login(nobody)
    assert browser.get("/system/", HTTP_USER_AGENT="curl").status_code == 403
    record = only()
    assert (record.verb, record.result, record.code) == ("open-page", "refused", "403")
    assert (record.subject_kind, record.subject_name, record.login) == ("page", "/system/", nobody.email)
    assert record.agent == "curl"


def test_a_form_without_its_token_is_written_down(global_admin: User) -> None:
    browser = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    browser.force_login(global_admin)
    assert browser.post("/applications/add/", {"type": "trial"}).status_code == 403
    assert (only().result, only().code, only().login) == ("refused", "403", global_admin.email)


def test_looking_at_pages_leaves_nothing(browser: Client, global_admin: User) -> None:
    browser.force_login(global_admin)
    for path in ("/applications/", "/jobs/", "/audit/", "/nothing/", "/healthz"):
        browser.get(path)
    assert not AuditRecord.objects.exists()


def test_strangers_cannot_fill_the_disk(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "STRANGERS", 3)
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 1_000_000.0))
    strict = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    for _ in range(6):
        assert strict.post("/accounts/language/", {"language": "de"}).status_code == 403
    assert AuditRecord.objects.count() == 3
    strict.post("/accounts/language/", {"language": "de"}, REMOTE_ADDR="203.0.113.9")
    assert AuditRecord.objects.count() == 4


def answered(request: Any, answer: Callable[[], HttpResponse]) -> HttpResponse:
    response = middleware.AuditMiddleware(lambda _: answer())(request)
    assert isinstance(response, HttpResponse)
    return response


def request_of(user: User | None = None, method: str = "POST", **meta: Any) -> Any:
    request = getattr(RequestFactory(), method.lower())("/portals/1/reset/", **meta)
    request.user = user
    return request


class Refused(Exception):
    """No."""

    code = "not_now"


@audit.attempted(Verb.RESET_PORTAL)
@transaction.atomic
def refusing(*, user: User, job_id: str) -> None:
    audit.record(Verb.RESET_PORTAL, subject=PORTAL)
    raise Refused("It is being reset already.")


def test_what_a_service_refuses_is_written_down_though_it_was_rolled_back(nobody: User) -> None:
    def answer() -> HttpResponse:
        with pytest.raises(Refused):
            refusing(user=nobody, job_id="1")
        assert not AuditRecord.objects.exists()
        return HttpResponse(status=302)

    answered(request_of(nobody), answer)
    record = only()
    assert (record.verb, record.result, record.code) == ("reset-portal", "refused", "not_now")
    assert (record.reason, record.login) == ("It is being reset already.", nobody.email)


def test_the_outer_service_tells_what_was_asked(nobody: User) -> None:
    @audit.attempted(Verb.CHANGE_VALUES)
    def outer(*, user: User) -> None:
        refusing(user=user, job_id="1")

    def answer() -> HttpResponse:
        with pytest.raises(Refused):
            outer(user=nobody)
        return HttpResponse(status=409)

    answered(request_of(nobody), answer)
    assert only().verb == "change-values"


def test_an_error_of_ours_is_no_refusal_and_has_its_error_id(nobody: User) -> None:
    def answer() -> HttpResponse:
        with pytest.raises(Refused):
            refusing(user=nobody, job_id="1")
        audit.tell_error_id("8F3A22C1")
        return HttpResponse(status=503)

    answered(request_of(nobody), answer)
    assert (only().result, only().error_id) == ("failed", "8F3A22C1")


def test_what_changes_nothing_is_written_down_as_that(nobody: User) -> None:
    answered(request_of(nobody), lambda: HttpResponse(status=302))
    assert only().result == "unchanged"


def test_an_answer_does_not_fail_because_it_cannot_be_written_down(
    nobody: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(AuditRecord.objects, "create", broken)
    assert answered(request_of(nobody, "GET"), lambda: HttpResponse(status=403)).status_code == 403
    assert "Not in the audit trail: open-page refused" in caplog.text


# --- from where -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trust", "meta", "address"),
    [
        (False, {"REMOTE_ADDR": "203.0.113.7"}, "203.0.113.7"),
        (False, {"REMOTE_ADDR": "203.0.113.7", "HTTP_X_FORWARDED_FOR": "198.51.100.1"}, "203.0.113.7"),
        (True, {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.1"}, "198.51.100.1"),
        (True, {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 198.51.100.1"}, "198.51.100.1"),
        (True, {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "evil"}, "10.0.0.1"),
        (True, {"REMOTE_ADDR": "10.0.0.1"}, "10.0.0.1"),
        (True, {"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "[2001:db8::1]:443"}, "2001:db8::1"),
        (True, {"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "198.51.100.1:443"}, "198.51.100.1"),
        (False, {"REMOTE_ADDR": "::ffff:203.0.113.7"}, "203.0.113.7"),
        (False, {"REMOTE_ADDR": ""}, None),  # a Unix socket
    ],
)
def test_what_a_client_says_of_its_address_counts_only_behind_a_proxy(
    settings: LazySettings, trust: bool, meta: dict[str, str], address: str | None
) -> None:
    settings.TRUST_PROXY = trust
    assert origin.address_of(request_of(None, "GET", **meta)) == address


def test_every_verb_and_result_has_words() -> None:
    from accounts.audit.verbs import RESULT_WORDS, WORDS

    assert set(WORDS) == set(Verb)
    assert set(RESULT_WORDS) == set(Result)
    assert all(len(verb) <= 40 for verb in Verb)


def test_a_choice_of_language_is_a_change_of_the_profile(browser: Client, global_admin: User) -> None:
    browser.force_login(global_admin)
    browser.post("/accounts/language/", {"language": "de"})
    assert (only().verb, only().before, only().after) == (
        "choose-language",
        {"language": ""},
        {"language": "de"},
    )


def test_the_trail_has_no_foreign_keys() -> None:
    """So that nothing that is deleted elsewhere would have to change it."""
    assert not [field for field in AuditRecord._meta.get_fields() if field.is_relation]

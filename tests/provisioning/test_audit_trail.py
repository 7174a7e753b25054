"""What people and jobs do with portals is in the audit trail: every form of ours, changed or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts.adapters.embedded_directory import EmbeddedDirectory
from accounts.audit import Result, Verb, watching
from accounts.models import AuditRecord
from accounts.ports import DirectoryUnavailable
from domains.models import Certificate
from jobs import runner, services
from jobs.models import Job
from jobs.states import JobState
from organizations import administration
from provisioning.models import Portal
from provisioning.phases import Packages, Phase
from provisioning.services import details, provision
from tests.portaladmin.test_doors import OPEN, ROUTES
from tests.provisioning.conftest import SignIn, World
from tests.provisioning.test_role_table import STATES, address

pytestmark = pytest.mark.django_db

PEOPLE = ("global.admin", "system.admin", "second.admin", "customizer", "nobody")
# What is sent beside an empty form, by route: something that changes something where it is allowed.
FORMS: dict[str, list[Callable[[World], dict[str, Any]]]] = {
    "applications/add/": [lambda world: {"type": "trial"}],
    "portals/<uuid:portal_id>/configure/": [lambda world: world.values(name="Another name")],
    "portals/<uuid:portal_id>/provision/change/": [lambda world: world.values(name="Another name")],
    "portals/<uuid:portal_id>/details/": [
        lambda world: {
            "name": "New",
            "development_status": "live",
            "portal_state": "off",
            "early_upgrade": "on",
        }
    ],
    "portals/<uuid:portal_id>/owners/": [lambda world: {"owner": "customizer@contoso.example"}],
    "instances/<uuid:instance_id>/access/": [
        lambda world: {"action": "administration-mode"},
        lambda world: {"action": "shut-out"},
    ],
    "instances/<uuid:instance_id>/solutions/": [lambda world: {"install": "CustomPortal"}],
    "instances/<uuid:instance_id>/languages/": [
        lambda world: {"action": "enable", "lcid": "1041"},
        lambda world: {"action": "default", "lcid": "1031"},
    ],
    "accounts/language/": [lambda world: {"language": "de"}],
}
NO_CHANGE = {404, 405}


@pytest.fixture(params=STATES)
def portal(request: pytest.FixtureRequest, world: World) -> Portal:
    now = timezone.now()
    dates = {"not_before": now, "not_after": now + timedelta(1), "ends_at": now + timedelta(1)}
    Certificate.objects.create(
        instance=world.production, subject="x", names=["x.shop"], is_trusted=False, **dates
    )
    made = world.portal()
    if request.param != "not-configured":
        job = world.submit(made)
        packages = Packages.INSTALLED if request.param == "configured" else Packages.NONE
        Portal.objects.filter(pk=made.pk).update(
            phase=Phase(request.param), packages=packages, reset_job=job, instance_job=job
        )
        if "failed" in request.param:
            Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
            runner.run(job.id)
            Portal.objects.filter(pk=made.pk).update(phase=Phase(request.param))
        made.refresh_from_db()
    return made


@contextmanager
def counting_writes() -> Iterator[list[str]]:
    written: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        if context["cursor"].rowcount > 0 and watching.writes(sql):
            written.append(sql[:200])
        return result

    with connection.execute_wrapper(look):
        yield written


def missing(status: int, written: list[str], told: list[tuple[str, str]]) -> str:
    """What the trail should have told of this answer and did not; "" when it is whole."""
    results = {result for _, result in told}
    if status in NO_CHANGE:
        return ""
    if status in {400, 403, 409, 422, 429} and not results & {Result.REFUSED, Result.FAILED}:
        return "" if status == 422 and Result.DONE in results else "refused, and not told"
    if written and Result.DONE not in results:
        return f"changed, and not told: {written[0]}"
    return "" if told else "nothing told"


def test_every_form_leaves_its_record_whether_it_changed_something_or_was_refused(
    world: World, sign_in: SignIn, portal: Portal
) -> None:
    wrong, done = [], set()
    for local in PEOPLE:
        browser = sign_in(local)
        browser.raise_request_exception = False
        for route in ROUTES:
            path = address(route, portal, portal.provision_job, world)
            if path is None or "<" in path or route in OPEN - {"accounts/language/"}:
                continue
            for form in [lambda _: {}, *FORMS.get(route, [])]:
                known = set(AuditRecord.objects.values_list("id", flat=True))
                with transaction.atomic(), counting_writes() as written:
                    status = browser.post(path, form(world)).status_code
                    told = AuditRecord.objects.exclude(pk__in=known).values_list("verb", "result")
                    if problem := missing(status, written, list(told)):
                        wrong.append((local, route, status, problem))
                    done |= {verb for verb, result in told if result == Result.DONE}
                    transaction.set_rollback(True)
    assert wrong == []
    assert {Verb.ADD_PORTAL, Verb.SWITCH_ADMINISTRATION_MODE, Verb.CHOOSE_LANGUAGE} <= done


def told(*verbs: Verb, **query: Any) -> list[AuditRecord]:
    rows = AuditRecord.objects.filter(**query).order_by("at")
    return list(rows.filter(verb__in=verbs) if verbs else rows)


def clear() -> None:
    """Begin with an empty trail, as the tests' database allows it."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_auditrecord")


# --- what people do -------------------------------------------------------------------------------------------------


def test_a_submission_tells_the_values_the_consent_the_job_and_the_phase(world: World) -> None:
    portal = world.portal()
    clear()
    job = world.submit(portal)
    submitted, began, phase, consent = told()
    person = world.user("system.admin")
    assert {record.person_id for record in told()} == {person.pk}
    assert {record.about_id for record in told()} == {str(portal.id)}
    assert (submitted.verb, submitted.subject_name) == ("submit", "Contoso Support")
    assert submitted.before["subdomain"] == ""
    assert submitted.after["subdomain"] == "contososupport"
    assert submitted.after["language"] == 1033
    assert (began.verb, began.subject_id) == ("begin-job", str(job.id))
    assert began.subject_name == "Provision portal: Contoso Support"
    assert (phase.before, phase.after) == ({"phase": "not-configured"}, {"phase": "configuring"})
    assert consent.after["terms_version"]
    assert not any("secret" in str(record.after) for record in told())


def test_a_draft_tells_what_was_entered_and_an_opening_that_it_was_the_first(
    world: World, sign_in: SignIn
) -> None:
    portal = world.portal()
    clear()
    browser = sign_in("system.admin")
    browser.post(f"/portals/{portal.id}/configure/", {"name": "Contoso"})
    browser.post(f"/portals/{portal.id}/configure/", {"name": "Contoso 2"})
    opened, first, second = told(result="done")
    assert (opened.verb, opened.path) == ("open-portal", f"POST /portals/{portal.id}/configure/")
    assert (first.verb, first.after["name"]) == ("draft-values", "Contoso")
    assert (second.before, second.after) == ({"name": "Contoso"}, {"name": "Contoso 2"})


def configured(world: World) -> Portal:
    portal = world.portal()
    world.submit(portal)
    Portal.objects.filter(pk=portal.pk).update(phase=Phase.CONFIGURED, packages=Packages.INSTALLED)
    portal.refresh_from_db()
    return portal


def test_details_tell_what_changed_and_on_and_off_by_itself(world: World, sign_in: SignIn) -> None:
    portal = configured(world)
    clear()
    browser = sign_in("system.admin")
    sent = {"name": "New name", "development_status": "", "portal_state": "off"}
    browser.post(f"/portals/{portal.id}/details/", sent)
    (updated,) = told(Verb.UPDATE_DETAILS)
    assert (updated.before, updated.after) == ({"name": "Contoso Support"}, {"name": "New name"})
    (switched,) = told(Verb.SWITCH_PORTAL)
    assert (switched.before, switched.after) == ({"is_on": True}, {"is_on": False})
    assert switched.login == "system.admin@contoso.example"
    clear()
    browser.post(f"/portals/{portal.id}/details/", sent)
    assert [(record.verb, record.result) for record in told()] == [("update-details", "unchanged")]


def test_an_owner_who_is_added_and_a_subscription_that_is_changed(world: World, sign_in: SignIn) -> None:
    browser = sign_in("global.admin")
    portal, trial = configured(world), world.portal("trial")
    application = EmbeddedDirectory().register(
        request_key="k", display_name="Contoso", redirect_uris=[], owners=[]
    )
    Portal.objects.filter(pk=portal.pk).update(application_id=application.id)
    clear()
    browser.post(f"/portals/{portal.id}/owners/", {"owner": "customizer@contoso.example"})
    browser.post(f"/portals/{trial.id}/convert/")
    (owner,) = told(Verb.ADD_OWNER)
    assert owner.after == {"owner": "customizer@contoso.example"}
    (converted,) = told(Verb.CONVERT_PORTAL)
    assert (converted.before, converted.after) == ({"type": "trial"}, {"type": "production"})


# --- what is refused ------------------------------------------------------------------------------------------------


def test_the_phase_that_refuses_is_told_with_its_sentence(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    world.submit(portal)
    clear()
    browser = sign_in("system.admin")
    assert browser.post(f"/portals/{portal.id}/reset/").status_code == 409
    (refused,) = told(result="refused")
    assert (refused.verb, refused.subject_name, refused.code) == ("reset-portal", "Contoso Support", "NotNow")
    assert "currently being configured" in refused.reason


def test_a_right_that_is_missing_is_told_with_the_mission_s_sentence(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    world.submit(portal)
    clear()
    sign_in("nobody").post(f"/portals/{portal.id}/reset/")
    (refused,) = told()
    assert (refused.verb, refused.result, refused.code) == ("reset-portal", "refused", "403")
    assert (refused.login, refused.subject_id) == ("nobody@contoso.example", str(portal.id))


def test_a_role_that_is_missing_for_submitting_is_told(world: World) -> None:
    portal = world.portal()
    clear()
    with pytest.raises(provision.NotPermitted):
        world.submit(portal, local="customizer")
    (refused,) = told()
    assert (refused.verb, refused.code) == ("submit", "NotPermitted")
    assert "System Administrator role" in refused.reason


def test_who_comes_second_is_told_though_nothing_of_it_stays(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    world.submit(portal)
    clear()
    with pytest.raises(provision.AlreadySubmitted):
        world.submit(portal, local="second.admin", name="Mine")
    (refused,) = told()
    assert (refused.verb, refused.result, refused.code) == ("submit", "refused", "AlreadySubmitted")
    assert refused.login == "second.admin@contoso.example"
    assert "submitted the configuration of this portal" in refused.reason


def test_two_restarts_are_one_and_a_refusal(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    job = world.submit(portal)
    services.cancel(job_id=job.id, requested_by=world.user("system.admin"))
    clear()
    browser = sign_in("system.admin")
    browser.post(f"/jobs/{job.id}/restart/")
    browser.post(f"/jobs/{job.id}/restart/")
    restarted, refused = told(Verb.RESTART_JOB)
    assert (restarted.result, restarted.after["restart_of"]) == ("done", str(job.id))
    assert (refused.result, refused.subject_id) == ("refused", str(job.id))


def test_a_reset_that_could_not_be_submitted_has_its_error_id(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = configured(world)
    clear()

    def away(*args: Any, **kwargs: Any) -> bool:
        raise DirectoryUnavailable("The directory cannot be reached.")

    Portal.objects.filter(pk=portal.pk).update(application_id=portal.id)
    monkeypatch.setattr(EmbeddedDirectory, "may_delete", away)
    page = sign_in("global.admin").post(f"/portals/{portal.id}/reset/")
    assert page.status_code == 503
    (failed,) = told(Verb.RESET_PORTAL)
    assert (failed.result, failed.code) == ("failed", "directory_unavailable")
    assert failed.error_id
    assert failed.error_id in page.content.decode()


def test_no_change_without_its_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    portal = configured(world)

    def full(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("disk full")

    monkeypatch.setattr("accounts.audit.recording.write", full)
    with pytest.raises(OperationalError):
        details.update(
            portal_id=portal.id, name="New", development_status="", is_on=False, early_upgrade=False
        )
    assert Portal.objects.get(pk=portal.pk).name == "Contoso Support"


# --- what jobs do ---------------------------------------------------------------------------------------------------


def test_a_job_that_fails_is_told_with_its_error_id_and_so_is_the_phase(world: World) -> None:
    portal = world.portal()
    job = world.submit(portal)
    administration.set_administration_mode(instance_id=world.production.id, on=True)
    clear()
    for _ in range(40):
        Job.objects.filter(pk=job.pk).update(run_at="2020-01-01T00:00:00Z")
        runner.run(job.id)
        job.refresh_from_db()
        if not job.is_active:
            break
    ended, phase = told(Verb.END_JOB, Verb.PHASE)
    assert (ended.verb, ended.result, ended.error_id) == ("end-job", "failed", job.error_id)
    assert (ended.person_id, ended.actor, ended.reason) == (None, "system", job.error_message)
    assert ended.about_id == str(portal.id)
    assert (phase.before, phase.after) == ({"phase": "configuring"}, {"phase": "provisioning-failed"})
    assert phase.error_id == job.error_id


def test_a_cancelled_job_names_who_cancelled_it(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    job = world.submit(portal)
    clear()
    sign_in("second.admin").post(f"/jobs/{job.id}/cancel/")
    assert {record.login for record in told()} == {"second.admin@contoso.example"}
    assert [(record.verb, record.result) for record in told(Verb.CANCEL_JOB, Verb.END_JOB)] == [
        ("end-job", "done"),
        ("cancel-job", "done"),
    ]
    (phase,) = told(Verb.PHASE)
    assert phase.after == {"phase": "provisioning-failed"}


def test_administration_mode_and_access_are_told_once(world: World) -> None:
    instance = world.production.id
    clear()
    for _ in range(2):
        administration.set_administration_mode(instance_id=instance, on=True)
        administration.disable_application_user(instance_id=instance)
    administration.admit_application_user(instance_id=instance)
    administration.admit_application_user(instance_id=instance)
    assert [(record.verb, record.after) for record in told()] == [
        ("switch-administration-mode", {"state": "disabled"}),
        ("switch-access", {"admin_center_may_enter": False}),
        ("switch-access", {"admin_center_may_enter": True}),
    ]
    assert {record.subject_name for record in told()} == {"Contoso"}


def test_the_trail_of_a_portal_is_one_link_away_for_who_may_read_it(world: World, sign_in: SignIn) -> None:
    portal = configured(world)
    link = f'href="/audit/?subject={portal.id}"'
    assert link in sign_in("service.admin").get(f"/portals/{portal.id}/details/").content.decode()
    assert link not in sign_in("system.admin").get(f"/portals/{portal.id}/details/").content.decode()
    page = sign_in("service.admin").get("/audit/", {"subject": str(portal.id)}).content.decode()
    assert 'data-verb="submit"' in page
    assert f'href="/portals/{portal.id}/"' in page

"""Who may do what, where: one table, and every cell of it tried over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit import watching
from accounts.roles import OrganizationRole
from domains.models import Certificate
from jobs.models import Job
from provisioning.models import Portal
from provisioning.phases import Packages, Phase
from tests.portaladmin.test_doors import OPEN, ROUTES
from tests.provisioning.conftest import SignIn, World

pytestmark = pytest.mark.django_db

EVERYONE = frozenset(
    {
        "global.admin",
        "service.admin",
        "system.admin",
        "second.admin",
        "customizer",
        "csr",
        "employee",
        "customer",
        "nobody",
    }
)
TENANT = frozenset({"global.admin", "service.admin"})
MANAGERS = TENANT | {"system.admin", "second.admin"}
PREPARERS = MANAGERS | {"customizer"}
GLOBAL = frozenset({"global.admin"})
# Contoso's own, in whose organization a package of one's own is installed.
SYSTEM_ADMINISTRATORS = MANAGERS - {"service.admin"}
NOBODY: frozenset[str] = frozenset()

STATES = (
    "not-configured",
    "configuring",
    "configured",
    "provisioning-failed",
    "resetting",
    "reset",
    "reset-failed",
    "instance-updating",
    "instance-update-failed",
)


def by_state(new: frozenset[str], other: frozenset[str]) -> Callable[[str], frozenset[str]]:
    return lambda state: new if state == "not-configured" else other


def always(people: frozenset[str]) -> Callable[[str], frozenset[str]]:
    return lambda state: people


# Who is let in, by route and by the portal's state. Being let in is not being allowed to act now: the phase may still
# refuse with its sentence (409, 422 or a redirect), but never with "not allowed".
PORTAL = by_state(PREPARERS, MANAGERS)
TABLE: dict[str, Callable[[str], frozenset[str]]] = {
    "": always(EVERYONE),
    "applications/": always(EVERYONE),
    "applications/add/": always(GLOBAL),
    "system/": always(TENANT),
    "audit/": always(TENANT),
    "audit/list/": always(TENANT),
    "audit/export.csv": always(TENANT),
    "privacy/": always(EVERYONE),
    "help/reset/": always(EVERYONE),
    "portals/<uuid:portal_id>/": PORTAL,
    "portals/<uuid:portal_id>/configure/": PORTAL,
    "portals/<uuid:portal_id>/configure/instance/": PORTAL,
    "portals/<uuid:portal_id>/configure/kinds/": PORTAL,
    "portals/<uuid:portal_id>/configure/url/": PORTAL,
    "portals/<uuid:portal_id>/convert/": always(GLOBAL),
    "portals/<uuid:portal_id>/terms/": PORTAL,
    "portals/<uuid:portal_id>/details/": PORTAL,
    "portals/<uuid:portal_id>/owners/": always(GLOBAL),
    "portals/<uuid:portal_id>/actions/": PORTAL,
    "portals/<uuid:portal_id>/translations/": PORTAL,
    "portals/<uuid:portal_id>/instance/": PORTAL,
    "portals/<uuid:portal_id>/instance/restart/": PORTAL,
    "portals/<uuid:portal_id>/provision/change/": PORTAL,
    "portals/<uuid:portal_id>/provision/restart/": PORTAL,
    # Some who are let in lack the right to the directory's application, which only its owners have; see RESET below.
    "portals/<uuid:portal_id>/reset/": PORTAL,
    "portals/<uuid:portal_id>/domains/": PORTAL,
    "portals/<uuid:portal_id>/domains/add/": PORTAL,
    "portals/<uuid:portal_id>/domains/add/evidence/": PORTAL,
    "portals/<uuid:portal_id>/domains/remove/": PORTAL,
    "portals/<uuid:portal_id>/domains/restart/": PORTAL,
    "certificates/": always(MANAGERS),
    "certificates/<uuid:certificate_id>/": always(MANAGERS),
    "certificates/<uuid:certificate_id>/delete/": always(MANAGERS),
    "jobs/<uuid:job_id>/": always(MANAGERS),
    "jobs/<uuid:job_id>/status/": always(MANAGERS),
    "jobs/<uuid:job_id>/restart/": always(MANAGERS),
    "jobs/<uuid:job_id>/cancel/": always(MANAGERS),
    "instances/": always(EVERYONE),
    "instances/list/": always(EVERYONE),
    "instances/add/": always(TENANT),
    "instances/<uuid:instance_id>/": always(PREPARERS),
    "instances/<uuid:instance_id>/connection/": always(MANAGERS),
    "instances/<uuid:instance_id>/connection/edit/": always(TENANT),
    "instances/<uuid:instance_id>/access/": always(MANAGERS),
    "instances/<uuid:instance_id>/address/": always(MANAGERS),
    "instances/<uuid:instance_id>/solutions/": always(PREPARERS),
    "instances/<uuid:instance_id>/solutions/table/": always(PREPARERS),
    "instances/<uuid:instance_id>/solutions/retry/": always(MANAGERS),
    "instances/<uuid:instance_id>/solutions/upload/": always(SYSTEM_ADMINISTRATORS),
    "instances/<uuid:instance_id>/languages/": always(PREPARERS),
    "instances/<uuid:instance_id>/labels/": always(PREPARERS),
}
# Posting there takes more than looking.
POST: dict[str, Callable[[str], frozenset[str]]] = {
    "instances/<uuid:instance_id>/solutions/": always(MANAGERS),
    "instances/<uuid:instance_id>/languages/": always(MANAGERS),
}
# Routes whose GET or POST there is not (405).
NO_GET = {
    "accounts/language/",
    "portals/<uuid:portal_id>/owners/",
    "portals/<uuid:portal_id>/provision/restart/",
    "portals/<uuid:portal_id>/instance/restart/",
}
NO_GET |= {
    "portals/<uuid:portal_id>/domains/restart/",
    "jobs/<uuid:job_id>/restart/",
    "jobs/<uuid:job_id>/cancel/",
    "instances/<uuid:instance_id>/access/",
}


def test_no_route_is_missing_from_the_table() -> None:
    assert set(ROUTES) - OPEN == set(TABLE) | LISTS


# Lists show what one may see, so everyone is let in.
LISTS = {
    route for route in ROUTES if route.startswith(("jobs/", "applications/")) and "<" not in route
} - set(TABLE)


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
        made.refresh_from_db()
    return made


def address(route: str, portal: Portal, job: Job | None, world: World) -> str | None:
    if "job_id" in route and job is None:
        return None
    for name, value in (("portal", portal.id), ("job", job and job.id), ("instance", world.production.id)):
        route = route.replace(f"<uuid:{name}_id>", str(value))
    if "certificate_id" in route:
        route = route.replace("<uuid:certificate_id>", str(Certificate.objects.get().pk))
    return "/" + route


def everything() -> tuple[int, list[dict[str, Any]]]:
    """Jobs and portals, save whether somebody who may manage one has looked at it."""
    rows = Portal.objects.order_by("pk").values()
    return Job.objects.count(), [{k: v for k, v in row.items() if k != "opened_at"} for row in rows]


def test_every_cell_of_the_table(world: World, sign_in: SignIn, portal: Portal) -> None:
    job = portal.provision_job
    wrong: list[tuple[Any, ...]] = []
    for local in sorted(EVERYONE):
        browser = sign_in(local)
        strict = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
        strict.force_login(world.user(local))
        for route, who in TABLE.items():
            path = address(route, portal, job, world)
            if path is None:
                continue
            welcome = local in who(portal.phase)
            for kind, headers in (("GET", {}), ("htmx", {"HX-Request": "true"})):
                status = browser.get(path, headers=headers).status_code
                right = status == 405 if route in NO_GET else (status == 403) != welcome
                if not right or status >= 500:
                    wrong.append((local, portal.phase, kind, route, status))
            # Without the token nothing happens, for anyone.
            status = strict.post(path).status_code
            if status not in {403, 405}:
                wrong.append((local, portal.phase, "POST without token", route, status))
    assert wrong == []


def test_every_refusal_of_a_post(world: World, sign_in: SignIn, portal: Portal) -> None:
    """Those who are not let in are refused when they post, too, and nothing changes."""
    before = everything()
    wrong = []
    for local in sorted(EVERYONE):
        browser = sign_in(local)
        for route, who in {**TABLE, **POST}.items():
            path = address(route, portal, portal.provision_job, world)
            if path is None or local in who(portal.phase):
                continue
            status = browser.post(path, {}).status_code
            if status not in {403, 405}:
                wrong.append((local, portal.phase, route, status))
    assert wrong == []
    assert everything() == before


# Who may look at pages of the other organization; changing something there takes more.
SANDBOX_LOOKERS = TENANT | {"system.admin"}
LOOKING = {
    "instances/<uuid:instance_id>/",
    "instances/<uuid:instance_id>/solutions/",
    "instances/<uuid:instance_id>/solutions/table/",
    "instances/<uuid:instance_id>/languages/",
    "instances/<uuid:instance_id>/labels/",
}


def test_an_id_of_another_organization_opens_nothing(world: World, sign_in: SignIn) -> None:
    """Whoever guesses the ids of a portal, a job, a certificate or an instance of an organization that is not theirs is
    refused, whatever role they have in their own.
    """
    now = timezone.now()
    dates = {"not_before": now, "not_after": now + timedelta(1), "ends_at": now + timedelta(1)}
    sandbox = World(world.sandbox, world.production)
    Certificate.objects.create(
        instance=world.sandbox, subject="x", names=["x.shop"], is_trusted=False, **dates
    )
    portal = world.portal()
    who = sandbox.organization.users_with_role(OrganizationRole.SYSTEM_ADMINISTRATOR)[0]
    job = world.submit(
        portal, local="global.admin", instance_id=world.sandbox.id, language=1031, administrator_id=who.id
    )
    for state in ("configured", "provisioning-failed"):
        Portal.objects.filter(pk=portal.pk).update(phase=Phase(state), reset_job=job, instance_job=job)
        before, wrong = everything(), []
        for local in sorted(EVERYONE - TENANT):
            browser = sign_in(local)
            for route in TABLE:
                path = address(route, portal, job, sandbox)
                if path is None or "<" not in route:
                    continue
                looks = route in LOOKING and local in SANDBOX_LOOKERS
                for headers in ({}, {"HX-Request": "true"}):
                    status = browser.get(path, headers=headers).status_code
                    if status != 405 and (status == 403) == looks:
                        wrong.append((local, "GET", route, status))
                status = browser.post(path, {"action": "enable", "lcid": "1036"}).status_code
                customizes = route == "instances/<uuid:instance_id>/labels/" and looks
                if status not in {403, 405} and not customizes:
                    wrong.append((local, "POST", route, status))
            for route in ("jobs/", "jobs/list/", "jobs/failed/", "applications/", "applications/export.csv"):
                answer = browser.get(f"/{route}")
                if str(portal.id) in answer.getvalue().decode() or str(job.id) in answer.getvalue().decode():
                    wrong.append((local, "LIST", route, answer.status_code))
        assert wrong == []
        assert everything() == before


def test_looking_changes_nothing(world: World, sign_in: SignIn, portal: Portal) -> None:
    """Save for the first look at a portal, which is counted, and for a file of the trail, which the trail tells of."""
    Portal.objects.update(opened_at=timezone.now())
    wrong = []
    for local in ("global.admin", "system.admin", "nobody"):
        browser = sign_in(local)
        for route in sorted({*TABLE, *LISTS} - {"audit/export.csv"}):
            path = address(route, portal, portal.provision_job, world)
            if path is None:
                continue
            for method in (browser.get, browser.head, browser.options):
                with CaptureQueriesContext(connection) as queries:
                    method(path)
                changed = [q["sql"] for q in queries if watching.writes(q["sql"])]
                wrong += [(local, route, sql[:200]) for sql in changed]
    assert wrong == []

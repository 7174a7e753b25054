"""Random interleavings of what people, workers and the outside world do to portals, against what must always hold.

The engine, the workflows and PostgreSQL are the real ones, stepped in this process. A worker dies, is cancelled or
oversleeps its lease between any two of its statements; the organization shuts us out, the web server is away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import User
from jobs import reconciler, restarting, runner, services
from jobs.errors import Blocked, Transient
from jobs.models import Job
from jobs.owner import Owner
from jobs.queries import oldest_due
from jobs.services import AlreadyActive, NotRestartable
from jobs.states import ACTIVE, CLAIMABLE, JobState
from organizations import administration, moving
from organizations.locating import AddressRefused
from organizations.models import Instance
from provisioning.models import Address, Portal, PortalType
from provisioning.phases import Phase
from provisioning.policies import NotNow
from provisioning.services import instance_url, provision, reset
from provisioning.services.provision import AlreadySubmitted
from provisioning.terms import CURRENT
from tests.faults import portals
from tests.faults.servers import Server
from tests.provisioning.conftest import World, world  # noqa: F401 - a fixture

EXAMPLES, STEPS = 500, 10
LEASE = 61  # seconds, and one more
# A provisioning has about a hundred statements, a reset about forty.
STATEMENTS = st.integers(1, 120)
PEOPLE = ("system.admin", "second.admin", "global.admin")
NOWHERE = "https://fabrikam.crm.localhost"
_ALIVE = "other-boot/1"

numbers = count(1)


class Killed(BaseException):
    """The worker is gone in the middle of whatever it did: nothing of it may be caught, and nothing is tidied up."""


@contextmanager
def at_statement(number: int, act: Callable[[], None]) -> Iterator[None]:
    """Do something before the `number`th statement of what runs inside, or the first one after it that is not in a
    transaction, since nobody else could see into that."""
    seen = count(1)
    over: list[bool] = []

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not over and next(seen) >= number and (act is _die or not connection.in_atomic_block):
            over.append(True)
            act()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


def _die() -> None:
    raise Killed


def _transactions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        number: int = cursor.fetchone()[0]
        return number


class Web:
    """The product's own pages, answered in this process; it may be away."""

    def __init__(self) -> None:
        self.is_away = False
        self._client = Client()

    def get(self, url: str, *, headers: dict[str, str], **_: Any) -> httpx.Response:
        if self.is_away:
            raise httpx.ConnectError("Nobody listens.")
        answer = self._client.get("/", headers={"Host": headers["Host"]})
        return httpx.Response(answer.status_code, headers=dict(answer.items()))


class Soak(RuleBasedStateMachine):
    """Two portals of one organization that want the same two addresses."""

    world: World
    people: dict[str, User]
    web: Web

    @initialize()
    def begin(self) -> None:
        number = next(numbers)
        self.portals = [Portal.objects.create(type=PortalType.PRODUCTION) for _ in range(2)]
        self.urls = [f"soak-{number}-a", f"soak-{number}-b"]
        self.is_troubled = True  # by whatever the interleaving before this one left
        self.mend()
        self.submit(0, 0, "system.admin")

    def portal(self, index: int) -> Portal:
        portal = self.portals[index]
        portal.refresh_from_db()
        return portal

    def jobs(self, index: int) -> list[Job]:
        """Every job of the portal, oldest first."""
        id = str(self.portals[index].id)
        return list(Job.objects.filter(inputs__portal_id=id).order_by("created_at"))

    def active(self, index: int, **more: Any) -> list[Job]:
        return [job for job in self.jobs(index) if job.job_state in ACTIVE]

    # What people do.

    @rule(index=st.integers(0, 1), url=st.integers(0, 1), who=st.sampled_from(PEOPLE))
    def submit(self, index: int, url: int, who: str) -> None:
        portal = self.portal(index)
        configurable = portal.phase in {Phase.NOT_CONFIGURED, Phase.RESET}
        try:
            provision.submit(
                portal_id=portal.id,
                configuration=portals.configuration(self.world, self.urls[url]),
                terms_version=CURRENT.version,
                user=self.people[who],
            )
        except AlreadySubmitted:
            assert not configurable
        else:
            assert configurable

    @rule(
        index=st.integers(0, 1),
        url=st.integers(0, 1),
        name=st.sampled_from(["Soak", "Soap"]),
        language=st.sampled_from([1033, 1031]),
    )
    def change(self, index: int, url: int, name: str, language: int) -> None:
        portal = self.portal(index)
        failed = portal.phase == Phase.PROVISIONING_FAILED
        try:
            provision.change(
                portal_id=portal.id,
                configuration=portals.configuration(self.world, self.urls[url], name=name, language=language),
                user=self.people["system.admin"],
            )
        except NotNow:
            assert not failed or portal.packages == "installing"
        else:
            assert failed

    @rule(index=st.integers(0, 1), back=st.integers(0, 3), who=st.sampled_from(PEOPLE))
    def restart(self, index: int, back: int, who: str) -> None:
        """Any job of the portal, the last one as well as one that is long of the past."""
        jobs = self.jobs(index)
        if not jobs:
            return
        job = jobs[-1 - back % len(jobs)]
        allowed = not restarting.why_not([job])
        try:
            restarting.restart(job=job, user=self.people[who])
        except NotRestartable:
            assert not allowed
        except (Blocked, Transient):
            assert job.kind == "reset-portal"
        else:
            assert allowed

    @rule(index=st.integers(0, 1), who=st.sampled_from(PEOPLE))
    def reset(self, index: int, who: str) -> None:
        portal = self.portal(index)
        try:
            reset.submit(portal_id=portal.id, user=self.people[who])
        except AlreadyActive:
            assert portal.phase == Phase.RESETTING
        except (NotNow, Blocked, Transient):
            assert self.portal(index).phase == portal.phase

    @rule(index=st.integers(0, 1), who=st.sampled_from(PEOPLE), right=st.booleans())
    def update_url(self, index: int, who: str, right: bool) -> None:
        """To the address that the organization has, or to one where nobody answers."""
        portal = self.portal(index)
        failed = portal.phase == Phase.INSTANCE_UPDATE_FAILED
        url = Instance.objects.get(pk=self.world.production.pk).url if right else NOWHERE
        try:
            instance_url.submit(portal_id=portal.id, url=url, user=self.people[who])
        except AlreadyActive:
            assert portal.phase == Phase.INSTANCE_UPDATING
        except NotNow:
            assert (portal.phase != Phase.CONFIGURED and not failed) or portal.packages == "installing"
        except AddressRefused:
            assert not failed
            assert portal.organization_url == url
        else:
            assert failed or portal.phase == Phase.CONFIGURED

    @rule(index=st.integers(0, 1))
    def cancel(self, index: int) -> None:
        for job in self.active(index)[:1]:
            state = services.cancel(job_id=job.id, requested_by=self.people["global.admin"])
            assert state in {JobState.CANCELLED, JobState.CANCELLING}

    # What workers do, and what is done to them.

    @rule(index=st.integers(0, 1))
    def work(self, index: int) -> None:
        for job in self.active(index):
            self.run(job)

    @rule(index=st.integers(0, 1), number=STATEMENTS)
    def die_at_work(self, index: int, number: int) -> None:
        for job in self.active(index)[:1]:
            self.run(job, at_statement(number, _die))

    @rule(index=st.integers(0, 1), number=STATEMENTS)
    def be_cancelled_at_work(self, index: int, number: int) -> None:
        for job in self.active(index)[:1]:
            self.run(job, at_statement(number, lambda: self.cancel(index)))

    @rule(index=st.integers(0, 1), number=STATEMENTS)
    def oversleep(self, index: int, number: int) -> None:
        """The lease runs out, another worker does the job, and then the first one wakes and goes on."""

        def others_go_on() -> None:
            self.clock(LEASE)
            self.reconcile()
            for other in self.active(index):
                self.run(other)

        for job in self.active(index)[:1]:
            self.run(job, at_statement(number, others_go_on), alive=True)

    def run(self, job: Job, what: Any = None, *, alive: bool = False) -> None:
        """As a worker that hears the bell of the job: a new process each time, dead as soon as this is over."""
        neighbourhood = _ALIVE if alive else Owner.here().neighbourhood
        owner = Owner(neighbourhood, 900_000_000 + next(numbers), 1)
        try:
            if what is None:
                runner.run(job.id, owner=owner)
                return
            with what:
                runner.run(job.id, owner=owner)
        except Killed:
            assert not connection.in_atomic_block

    @rule(seconds=st.sampled_from([7, LEASE, 301]))
    def clock(self, seconds: int) -> None:
        """Time goes by: for the database, everything that is written down lies further back."""
        gone = timedelta(seconds=seconds)
        ours = Job.objects.filter(inputs__portal_id__in=[str(portal.id) for portal in self.portals])
        ours.filter(state__in=CLAIMABLE).update(run_at=F("run_at") - gone, rung_at=F("rung_at") - gone)
        ours.exclude(lease_expires_at=None).update(lease_expires_at=F("lease_expires_at") - gone)

    @rule()
    def reconcile(self) -> None:
        reconciler._take_over()

    # What the outside world does.

    @rule(trouble=st.sampled_from(["shut out", "administration mode", "web server away"]))
    def trouble(self, trouble: str) -> None:
        self.is_troubled = True
        instance = self.world.production.id
        match trouble:
            case "shut out":
                administration.disable_application_user(instance_id=instance)
            case "administration mode":
                administration.set_administration_mode(instance_id=instance, on=True)
            case _:
                self.web.is_away = True

    @rule(name=st.sampled_from(["contoso", "contoso-ltd"]))
    def move(self, name: str) -> None:
        """The organization has another address from now on."""
        with suppress(AddressRefused):
            moving.move(instance_id=self.world.production.id, name=name)

    @rule()
    def mend(self) -> None:
        if not self.is_troubled:
            return
        self.is_troubled = False
        instance = self.world.production.id
        administration.admit_application_user(instance_id=instance)
        administration.set_administration_mode(instance_id=instance, on=False)
        self.web.is_away = False

    # What must hold.

    @invariant()
    def nothing_is_wrong(self) -> None:
        """Looked at when something was written since, which the database counts."""
        now = _transactions()
        if now != getattr(self, "looked_at", None):
            portals.check([portal.id for portal in getattr(self, "portals", [])])
            self.looked_at = now

    def teardown(self) -> None:
        """When the trouble is over, everything ends by itself, and whatever failed can be taken up or taken down."""
        if not hasattr(self, "portals"):
            return
        self.mend()
        self.all_end(untouched=False)
        for index in range(2):
            portal = self.portal(index)
            if portal.phase not in {Phase.NOT_CONFIGURED, Phase.RESET}:
                reset.submit(portal_id=portal.id, user=self.people["global.admin"])
        self.all_end()
        self.nothing_is_wrong()
        assert {self.portal(index).phase for index in range(2)} <= {Phase.NOT_CONFIGURED, Phase.RESET}
        assert not Address.objects.filter(portal__in=self.portals).exists()
        Job.objects.update(run_at=F("created_at"))  # nothing is late: the clock was ours

    def all_end(self, *, untouched: bool = True) -> None:
        """Workers hear the bells that the reconciler rings; nothing is due for longer than 90 seconds meanwhile.

        Without the `untouched`, jobs that no worker ever held are cancelled: they would only take the time of those
        that something was done to.
        """
        for _ in range(40):
            self.reconcile()
            for job in self.active(0) + self.active(1):
                if not untouched and job.claims == 0:
                    services.cancel(job_id=job.id, requested_by=None)
            bells: list[Any] = []
            reconciler.ring_due(ring=lambda id, bells=bells: not bells.append(id), backlog=lambda: 0)  # type: ignore[misc]
            for job in Job.objects.filter(pk__in=bells):
                self.run(job)
            due = oldest_due()
            assert due is None or not due.is_late, f"{due.kind} is due for {due.waits} and nobody takes it"
            if not any(self.active(index) for index in range(2)):
                return
            self.clock(41)
        raise AssertionError(
            f"These do not end: {[(job, job.state) for job in self.active(0) + self.active(1)]}"
        )


def test_five_hundred_interleavings(
    postgres: Server,
    valkey: Server,
    transactional_db: None,
    world: World,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # nothing crashes here, and each statement is a commit
    web = Web()
    monkeypatch.setattr(httpx, "get", web.get)
    people = {local: world.user(local) for local in PEOPLE}
    made = type("Soak", (Soak,), {"world": world, "people": people, "web": web})
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""A worker sleeps past its lease before each statement of a workflow, one after the other. Others do its job meanwhile,
people go on with the portal, and when it wakes, everything is as they left it.

What it sent to the organization before it slept may still arrive: records of the organization are not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from django.db import connection

from accounts.models import DirectoryApplication, DirectoryApplicationSecret
from jobs import reconciler, runner
from jobs.models import Job, Resource
from jobs.owner import Owner
from organizations import moving
from provisioning.models import Address, Portal, PortalType
from provisioning.phases import Packages, Phase
from provisioning.services import instance_url, provision, reset, translations
from provisioning.terms import CURRENT
from tests.faults import portals
from tests.faults.fault_soak_provisioning import Web
from tests.faults.servers import Server
from tests.provisioning.conftest import World, run_all, world  # noqa: F401 - a fixture

# ruff: noqa: F811 - a fixture's name is the name of its argument

numbers = count(1)


class Life:
    """One portal, and what people do with it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.admin = world.user("system.admin")
        self.portal = Portal.objects.create(type=PortalType.PRODUCTION)
        self.subdomain = f"oversleep-{next(numbers)}"

    # What the worker sleeps in.

    def submit(self, **changes: Any) -> Job:
        return provision.submit(
            portal_id=self.portal.id,
            configuration=self.world.configuration(template="custom", subdomain=self.subdomain, **changes),
            terms_version=CURRENT.version,
            user=self.admin,
        )

    def packages(self) -> Job:
        runner.run(self.submit().id)
        return Job.objects.get(kind="install-packages", inputs__portal_id=str(self.portal.id))

    def reset(self) -> Job:
        self.submit()
        run_all()
        return reset.submit(portal_id=self.portal.id, user=self.admin)

    def move(self) -> Job:
        if self.now.phase == Phase.NOT_CONFIGURED:
            self.submit()
            run_all()
        url = moving.move(instance_id=self.world.production.id, name=f"contoso-{next(numbers)}").url
        return instance_url.submit(portal_id=self.portal.id, url=url, user=self.admin)

    def translations(self) -> Job:
        self.submit()
        run_all()
        return translations.submit(portal_id=self.portal.id, user=self.admin)

    # What people do meanwhile.

    def begins_anew(self) -> None:
        if self.now.phase != Phase.RESET:
            reset.submit(portal_id=self.portal.id, user=self.admin)
            run_all()
        assert self.now.phase == Phase.RESET
        self.submit(name="Anew", language=1031)
        run_all()
        assert (self.now.phase, self.now.packages) == (Phase.CONFIGURED, Packages.INSTALLED)

    def moves(self) -> None:
        self.move()
        run_all()
        assert self.now.phase == Phase.CONFIGURED

    # What there is of it.

    @property
    def now(self) -> Portal:
        return Portal.objects.get(pk=self.portal.pk)

    def everything(self) -> dict[str, list[str]]:
        key = self.portal.exclusive_key
        applications = DirectoryApplication.objects.filter(request_key=key)
        rows = {
            "portal": Portal.objects.filter(pk=self.portal.pk),
            "address": Address.objects.filter(subdomain=self.subdomain),
            "ledger": Resource.objects.filter(exclusive_key=key),
            "application": applications,
            "secrets": DirectoryApplicationSecret.objects.filter(application__in=applications),
            "jobs": Job.objects.filter(inputs__portal_id=str(self.portal.id)),
        }
        return {name: sorted(map(repr, found.values())) for name, found in rows.items()}


@contextmanager
def at_statement(number: int, act: Callable[[], None], *, transactions: bool = False) -> Iterator[list[int]]:
    """Do something before the first statement from the `number`th on that is in no transaction, since nobody else could
    see into that. Yields the number of the one that it was; nothing, when there was none.

    transactions: the beginning of a transaction counts, too.
    """
    seen = count(1)
    found: list[int] = []

    def look() -> None:
        here = next(seen)
        if not found and here >= number and not connection.in_atomic_block:
            found.append(here)
            act()

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        look()
        return execute(sql, params, many, context)

    set_autocommit = connection.set_autocommit

    def begin(autocommit: bool, *args: Any, **options: Any) -> None:
        if transactions and not autocommit:
            look()
        set_autocommit(autocommit, *args, **options)

    with connection.execute_wrapper(wrapper), patch.object(connection, "set_autocommit", begin):
        yield found


Story = tuple[Callable[[Any], Job], Callable[[Any], None]]
STORIES: dict[str, Story] = {
    "a provisioning, and the portal begins anew": (Life.submit, Life.begins_anew),
    "a provisioning, and the organization moves": (Life.submit, Life.moves),
    "packages, and the portal begins anew": (Life.packages, Life.begins_anew),
    "translations, and the portal begins anew": (Life.translations, Life.begins_anew),
    "a reset, and the portal begins anew": (Life.reset, Life.begins_anew),
    "an address, and the organization moves on": (Life.move, Life.moves),
}


def sleep_everywhere(
    new_life: Callable[[], Life], story: Story, *, transactions: bool = False
) -> tuple[int, list[tuple[int, str]]]:
    """Tell the story once for each statement: how often the worker slept, and what it changed when it woke.

    transactions: it sleeps before they begin, too.
    """
    begin, then = story
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # nothing crashes here
    wrong: list[tuple[int, str]] = []
    slept, number = 0, 1
    while True:
        life = new_life()
        job = begin(life)
        left: dict[str, list[str]] = {}

        def others_go_on(life: Life = life, job: Job = job, left: dict[str, list[str]] = left) -> None:
            claimed = Job.objects.filter(pk=job.pk).exclude(lease_expires_at=None)
            if claimed.update(lease_expires_at=job.created_at):
                reconciler._take_over()
                run_all()
                runner.run(job.id)
                run_all()
                then(life)
                left.update(life.everything())

        with at_statement(number, others_go_on, transactions=transactions) as found:
            runner.run(job.id, owner=Owner("other-boot/1", 900_000_000 + number, 1))
        if not found:
            return slept, wrong
        number = found[0] + 1
        if left:
            slept += 1
            now = life.everything()
            wrong += [(found[0], name) for name in left if left[name] != now[name]]
            portals.check([life.portal.id])


@pytest.mark.parametrize("story", STORIES)
def test_it_changes_nothing_when_it_wakes(
    postgres: Server,
    valkey: Server,
    transactional_db: None,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    story: str,
) -> None:
    monkeypatch.setattr(httpx, "get", Web().get)
    slept, wrong = sleep_everywhere(lambda: Life(world), STORIES[story])
    assert wrong == []
    assert slept > 10

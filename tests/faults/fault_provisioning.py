"""The product's own workflows under the same deaths: portals become web sites, and cease to be, whatever happens."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.models import DirectoryApplicationSecret
from jobs import ledger
from jobs.models import Job, JobEvent
from jobs.states import JobState
from organizations.models import Label, Record, Solution
from provisioning import terms
from provisioning.models import Portal
from provisioning.phases import Packages, Phase
from provisioning.services import reset
from provisioning.workflows.provision import website_id
from tests.faults import portals
from tests.faults.crew import LEASE, Crew, all_succeed, read
from tests.faults.fault_disk import Disk, disk  # noqa: F401 - a fixture
from tests.faults.servers import Server
from tests.provisioning.conftest import SignIn, World, run_all, sign_in, web, world  # noqa: F401 - fixtures
from tests.waiting import until

# ruff: noqa: F811 - a fixture's name is the name of its argument
POINTS = ("in", "inside", "after")


def start(crew: Crew, web: LiveServer) -> None:
    """A worker that looks for portals where this test serves them."""
    crew.start(WEB_ADDRESS=web.url.removeprefix("http://"))


def fresh(portal: Portal) -> Portal:
    return Portal.objects.get(pk=portal.pk)


def becomes_a_web_site(portal: Portal, *, seconds: float = 60) -> None:
    until(lambda: fresh(portal).packages == Packages.INSTALLED, seconds=seconds, what="the packages")
    assert fresh(portal).phase == Phase.CONFIGURED
    portals.check([portal.id])
    assert not Job.objects.exclude(state=JobState.SUCCEEDED).exists()


def configured(world: World) -> Portal:
    """A portal that is a web site already."""
    portal = world.portal()
    world.submit(portal)
    run_all()
    return fresh(portal)


def of_the_organization() -> list[Any]:
    return [sorted(map(repr, model.objects.values())) for model in (Record, Label, Solution)]


def is_gone(portal: Portal, web: LiveServer) -> None:
    assert fresh(portal).phase == Phase.RESET
    portals.check([portal.id])
    answer = httpx.get(web.url + "/", headers={"Host": portal.host}, trust_env=False)
    assert answer.status_code == 404


@pytest.mark.parametrize("turn", range(3))
def test_death_at_every_step_of_provisioning(crew: Crew, world: World, web: LiveServer, turn: int) -> None:
    """In three turns at each of the three points of each step."""
    portal = world.portal()
    job = world.submit(portal)
    for index in range(job.step_count):
        (crew.folder / f"{POINTS[(index + turn) % 3]}-{index}").touch()
    start(crew, web)
    all_succeed([job], seconds=60)
    becomes_a_web_site(portal)
    assert JobEvent.objects.filter(job=job, name="lease-lost").count() >= job.step_count - 1
    held = ledger.held(exclusive_key=portal.exclusive_key)
    assert {row.state for row in held} == {"made"}
    # Each thing was made once, however often its step was tried.
    kinds = [row.kind for row in held]
    assert kinds
    assert len(set(kinds)) == len(kinds)
    assert DirectoryApplicationSecret.objects.count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_death_at_every_step_of_a_reset(crew: Crew, world: World, web: LiveServer, turn: int) -> None:
    portal = configured(world)
    before = of_the_organization()
    job = reset.submit(portal_id=portal.id, user=world.user("system.admin"))
    for index in range(job.step_count):
        (crew.folder / f"{POINTS[(index + turn) % 3]}-{index}").touch()
    start(crew, web)
    all_succeed([job], seconds=60)
    is_gone(portal, web)
    assert JobEvent.objects.filter(job=job, name="lease-lost").count() >= job.step_count - 1
    assert of_the_organization() == before


def thaw(crew: Crew) -> None:
    """The worker wakes, and says too late that it has done its step."""
    os.kill(int((crew.folder / "frozen").read_text()), signal.SIGCONT)
    until(lambda: "is another worker's now" in crew.log.read_text(), what="the refusal")


def test_a_worker_that_sleeps_in_a_provisioning_changes_nothing_when_it_wakes(
    crew: Crew, world: World, web: LiveServer
) -> None:
    (crew.folder / "freeze-2").touch()  # it registered the application, and stored a secret
    start(crew, web)
    portal = world.portal()
    job = world.submit(portal)
    all_succeed([job], seconds=LEASE + 30)
    becomes_a_web_site(portal)
    before = read(job).version
    thaw(crew)
    assert read(job).version == before
    portals.check([portal.id])


def test_a_worker_that_sleeps_in_a_reset_changes_nothing_when_it_wakes(
    crew: Crew, world: World, web: LiveServer
) -> None:
    portal = configured(world)
    (crew.folder / "freeze-3").touch()  # between the application and the rest
    start(crew, web)
    job = reset.submit(portal_id=portal.id, user=world.user("system.admin"))
    all_succeed([job], seconds=LEASE + 30)
    is_gone(portal, web)
    again = world.submit(portal)  # and by the time it wakes, the portal is there anew
    all_succeed([again], seconds=30)
    becomes_a_web_site(portal)
    thaw(crew)
    becomes_a_web_site(portal)
    assert read(job).state == JobState.SUCCEEDED


def two_come_and_one_goes(crew: Crew, world: World, web: LiveServer, trouble: Callable[[], None]) -> None:
    """A portal is reset and two are provisioned, and something happens again and again meanwhile."""
    going, coming = configured(world), [world.portal(), world.portal("trial")]
    start(crew, web)
    jobs = [reset.submit(portal_id=going.id, user=world.user("system.admin"))]
    for number, portal in enumerate(coming):
        jobs.append(world.submit(portal, subdomain=f"coming-{number}"))
        trouble()
    until(lambda: Job.objects.filter(kind="install-packages").count() >= 2, seconds=60, what="packages")
    trouble()
    all_succeed(jobs, seconds=60)
    for portal in coming:
        until(lambda p=portal: fresh(p).packages == Packages.INSTALLED, seconds=60, what="packages")  # type: ignore[misc]
    is_gone(going, web)
    for portal in coming:
        becomes_a_web_site(portal)


def test_the_broker_is_restarted_again_and_again(
    crew: Crew, world: World, web: LiveServer, valkey: Server
) -> None:
    two_come_and_one_goes(crew, world, web, valkey.restart)


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGKILL])
def test_the_database_is_restarted_again_and_again(
    crew: Crew, world: World, web: LiveServer, postgres: Server, number: signal.Signals
) -> None:
    two_come_and_one_goes(crew, world, web, lambda: postgres.restart(number))


def submit_over_http(browser: Client, world: World, portal: Portal) -> float:
    """The form, the terms, Accept; how many seconds the last one took."""
    assert browser.post(f"/portals/{portal.id}/configure/", world.values()).status_code == 302
    browser.get(f"/portals/{portal.id}/terms/")
    began = time.monotonic()
    response = browser.post(f"/portals/{portal.id}/terms/", {"accept": terms.CURRENT.version})
    assert (response.status_code, response["Location"]) == (302, f"/portals/{portal.id}/")
    return time.monotonic() - began


def polled(html: str) -> str:
    found = re.search(r'data-job="[^"]+"[^>]* hx-get="([^"]+)"', html)
    assert found
    return found[1]


@pytest.mark.parametrize("how", ["down", "hung"])
def test_a_broker_that_is_away_is_no_failure_and_the_page_says_so(
    crew: Crew, world: World, web: LiveServer, valkey: Server, sign_in: SignIn, how: str
) -> None:
    start(crew, web)
    browser, portal = sign_in("system.admin"), world.portal()
    with away(valkey, how):
        took = submit_over_http(browser, world, portal)
        _says_so(browser, portal)
    becomes_a_web_site(portal)
    assert took < (1 if how == "down" else 4), f"{took:.2f} s"
    job = fresh(portal).provision_job
    assert job is not None
    assert (job.claims, job.step_errors) == (1, 0)


@contextmanager
def away(valkey: Server, how: str) -> Iterator[None]:
    """The broker is not there, or does not answer."""
    if how == "down":
        valkey.kill()
    else:
        valkey.send(signal.SIGSTOP)
    try:
        yield
    finally:
        if how == "down":
            valkey.start()
        else:
            valkey.send(signal.SIGCONT)


def _says_so(browser: Client, portal: Portal) -> None:
    """The page does not change its mind while the bell is rung again and again, and never waits for the broker."""
    page = browser.get(f"/portals/{portal.id}/").content.decode()
    assert 'data-state="configuring"' in page
    assert 'data-standstill="broker"' in page
    assert "Nothing is lost" in page
    end, looks = time.monotonic() + 6, 0
    while time.monotonic() < end:
        began = time.monotonic()
        response = browser.get(polled(page))
        assert time.monotonic() - began < 1
        assert response.status_code in {200, 204}
        if response.status_code == 200:
            page = response.content.decode()
            assert 'data-standstill="broker"' in page
        looks += 1
    assert looks > 10


def test_a_full_disk_costs_time_and_no_portal(disk: Disk, crew: Crew, world: World, web: LiveServer) -> None:
    start(crew, web)
    portal, filler = world.portal(), disk.folder / "filler"
    job = world.submit(portal)
    _fill(filler)
    until(lambda: disk.is_full, seconds=60, what="a full disk")
    assert not Job.objects.filter(state__in=["failed", "blocked", "quarantined"]).exists()
    filler.unlink()
    disk.grow()
    all_succeed([job], seconds=60)
    becomes_a_web_site(portal, seconds=90)
    assert Record.objects.filter(record_id=website_id(portal.id)).count() == 1


def _fill(file: Path) -> None:
    """Take all the room that there is."""
    room = shutil.disk_usage(file.parent).free
    with file.open("wb") as taken:
        for size in (room, 1 << 20, 1 << 16, 4096):
            try:
                while True:
                    os.posix_fallocate(taken.fileno(), taken.seek(0, os.SEEK_END), size)
            except OSError:
                continue

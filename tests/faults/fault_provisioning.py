"""The product's own workflow under the same deaths: once at every step, and the portal becomes a web site."""

from __future__ import annotations

from pytest_django.live_server_helper import LiveServer

from accounts.models import DirectoryApplicationSecret
from jobs import ledger
from jobs.models import Job, JobEvent
from provisioning.models import Portal
from provisioning.phases import Packages, Phase
from tests.faults.crew import Crew, all_succeed
from tests.provisioning.conftest import World, web, world  # noqa: F401 - fixtures
from tests.waiting import until


def test_death_at_every_step_of_provisioning(crew: Crew, world: World, web: LiveServer) -> None:  # noqa: F811
    portal = world.portal()
    job = world.submit(portal)
    points = ("in", "inside", "after")
    for index in range(job.step_count):
        (crew.folder / f"{points[index % 3]}-{index}").touch()
    crew.start(WEB_ADDRESS=web.url.removeprefix("http://"))
    all_succeed([job], seconds=60)
    until(
        lambda: Portal.objects.get(pk=portal.pk).packages == Packages.INSTALLED, seconds=60, what="packages"
    )
    assert Portal.objects.get(pk=portal.pk).phase == Phase.CONFIGURED
    assert JobEvent.objects.filter(job=job, name="lease-lost").count() >= job.step_count - 1
    held = ledger.held(exclusive_key=portal.exclusive_key)
    assert {row.state for row in held} == {"made"}
    # Each thing was made once, however often its step was tried.
    kinds = [row.kind for row in held]
    assert kinds
    assert len(set(kinds)) == len(kinds)
    assert DirectoryApplicationSecret.objects.count() == 1
    assert not Job.objects.exclude(state="succeeded").exists()

"""Update Dynamics 365 URL under the same deaths: the portal is bound to one of the two addresses, and in the end to the
new one.
"""

from __future__ import annotations

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from jobs import ledger
from jobs.models import Job, JobEvent
from organizations import moving
from organizations.models import Record
from provisioning.binding import bound_url
from provisioning.models import Portal
from provisioning.phases import Phase
from provisioning.services import instance_url
from provisioning.workflows.provision import website_id
from tests.faults.crew import Crew, all_succeed
from tests.provisioning.conftest import World, run_all, web, world  # noqa: F401 - fixtures

# ruff: noqa: F811 - a fixture's name is the name of its argument
POINTS = ("in", "inside", "after")
NEW = "https://contoso-ltd.crm.localhost"


@pytest.mark.parametrize("turn", range(3))
def test_death_at_every_step(crew: Crew, world: World, web: LiveServer, turn: int) -> None:
    """In three turns at each of the three points of each step."""
    portal = world.portal()
    world.submit(portal)
    run_all()
    before = ledger.held(exclusive_key=portal.exclusive_key)
    moving.move(instance_id=world.production.id, name="contoso-ltd")
    job = instance_url.submit(portal_id=portal.id, url=NEW, user=world.user("system.admin"))
    for index in range(job.step_count):
        (crew.folder / f"{POINTS[(index + turn) % 3]}-{index}").touch()
    crew.start(WEB_ADDRESS=web.url.removeprefix("http://"))
    all_succeed([job], seconds=60)
    assert JobEvent.objects.filter(job=job, name="lease-lost").count() >= job.step_count - 1
    bound = Portal.objects.select_related("instance").get(pk=portal.pk)
    assert (bound.phase, bound_url(bound)) == (Phase.CONFIGURED, NEW)
    record = Record.objects.get(entity="adx_website", record_id=website_id(portal.id))
    assert record.attributes["adx_organizationurl"] == NEW
    # What was made for the portal is what there was before: the update makes nothing that would have to be undone.
    assert ledger.held(exclusive_key=portal.exclusive_key) == before
    answer = httpx.get(web.url + "/", headers={"Host": bound.host}, trust_env=False)
    assert answer.status_code == 200
    assert not Job.objects.exclude(state="succeeded").exists()

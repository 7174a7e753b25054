"""The Jobs tab over the kinds of this room: the list and `may_see` of each job agree, for everybody."""

from __future__ import annotations

import pytest

from accounts.demo import PEOPLE
from jobs import listing, registry
from jobs.listing import Asked
from jobs.models import Job
from provisioning.models import Portal
from tests.provisioning.conftest import SignIn, World, run_all

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("local", sorted(PEOPLE))
def test_everybody_sees_the_jobs_whose_page_they_may_open(world: World, sign_in: SignIn, local: str) -> None:
    job = world.submit()
    elsewhere = Job.objects.create(
        kind=job.kind,
        definition=job.definition,
        inputs={**job.inputs, "instance_id": str(world.sandbox.id)},
        step_count=1,
        run_at=job.run_at,
        created_at=job.created_at,
    )
    user = world.user(local)
    kind = registry.find(job.kind, job.definition)
    may_see = {each.id for each in (job, elsewhere) if kind.may_see(user, each)}
    assert {each.id for each in listing.jobs(user, Asked(), now=job.created_at)} == may_see
    html = sign_in(local).get("/jobs/").content.decode()
    for each in (job, elsewhere):
        assert (f'data-job="{each.id}"' in html) is (each.id in may_see)
        opened = sign_in(local).get(f"/jobs/{each.id}/").status_code
        assert opened == (200 if each.id in may_see else 403)


def test_rows_lead_to_their_portals(world: World, sign_in: SignIn) -> None:
    portal = world.portal()
    world.submit(portal)
    run_all(limit=1)
    html = sign_in("system.admin").get("/jobs/").content.decode()
    assert html.count(f'href="/portals/{portal.id}/">Contoso Support</a>') == Job.objects.count()
    Portal.objects.filter(pk=portal.pk).update(name="<i>x</i>")
    assert "<i>x" not in sign_in("system.admin").get("/jobs/").content.decode()


def test_every_kind_of_this_room_names_its_organization_and_portal(world: World) -> None:
    world.submit()
    run_all(limit=1)
    for job in Job.objects.all():
        assert job.inputs.keys() >= {"instance_id", "portal_id"}

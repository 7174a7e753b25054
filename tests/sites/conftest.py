"""A portal on the demo's organization, filled with the sample data that its packages bring."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.demo import load_people
from jobs.models import Job
from jobs.states import JobState
from organizations.connect import connect
from organizations.demo import load_demo
from organizations.languages import ENGLISH
from organizations.models import Instance
from organizations.packages import catalog
from organizations.ports import Condition, Organization, Query, Record
from provisioning.features import KINDS, PortalKind
from provisioning.models import Address, Portal, PortalType
from provisioning.phases import Packages, Phase

GERMAN = 1031


@dataclass(frozen=True)
class World:
    """One portal, a visitor at its address, and its organization."""

    portal: Portal
    client: Client

    @property
    def organization(self) -> Organization:
        assert self.portal.instance is not None
        return connect(self.portal.instance)

    def records(self, entity: str, **attributes: Any) -> list[Record]:
        """The website's records with these attributes."""
        where = [Condition(name, "eq", value) for name, value in attributes.items()]
        return self.organization.query(
            Query(entity, [Condition("adx_websiteid", "eq", str(self.portal.website_id)), *where])
        )

    def change(self, entity: str, changes: dict[str, Any], **attributes: Any) -> None:
        """What an administrator does in the organization, to the one record with these attributes."""
        [record] = self.records(entity, **attributes)
        self.organization.update(entity, record.id, changes)

    def add(self, entity: str, **attributes: Any) -> Record:
        """A new record of the website."""
        return self.organization.create(entity, {"adx_websiteid": str(self.portal.website_id), **attributes})

    def add_page(self, url: str, *, parent: Record | None = None, **attributes: Any) -> Record:
        """A published page, below home unless another parent is given."""
        parent = parent or self.records("adx_webpage", adx_partialurl="/")[0]
        facts = {
            "adx_partialurl": url,
            "adx_name": url,
            "adx_title": url.title(),
            "adx_parentpageid": str(parent.id),
            "adx_publishingstate": "Published",
            "adx_pagetemplate": "Page",
        }
        return self.add("adx_webpage", **{**facts, **attributes})


MakeWorld = Callable[..., World]


@pytest.fixture
def instance(db: None) -> Instance:
    """The demo's main organization."""
    load_demo(load_people(password=""))
    return Instance.objects.get(name="Contoso")


@pytest.fixture
def make_world(instance: Instance) -> MakeWorld:
    """Makes further portals; any column of theirs may be given."""

    def make(subdomain: str = "contoso-help", *, samples: bool = True, **columns: Any) -> World:
        kind = PortalKind(columns.pop("template", PortalKind.CUSTOMER_SELF_SERVICE))
        portal = Portal.objects.create(
            **{
                "name": "Contoso Help",
                "type": PortalType.PRODUCTION,
                "phase": Phase.CONFIGURED,
                "packages": Packages.INSTALLED,
                "instance": instance,
                "subdomain": subdomain,
                "language": ENGLISH,
                "template": kind,
                "website_id": uuid.uuid4(),
                "published_at": timezone.now(),
                "provision_job": _finished_job(),
                **columns,
            }
        )
        Address.objects.create(subdomain=subdomain, instance=instance, portal=portal, is_routed=True)
        if samples and portal.website_id and portal.language:
            data = catalog.sample_records(
                KINDS[kind].package, lcid=portal.language, website_id=portal.website_id
            )
            connect(instance).upsert_many(data.records)
        return World(portal, Client(HTTP_HOST=portal.host))

    return make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A customer self-service portal in English that shows its pages."""
    return make_world()


def _finished_job() -> Job:
    now = timezone.now()
    return Job.objects.create(
        kind="provision",
        definition=1,
        state=JobState.SUCCEEDED,
        step_count=0,
        run_at=now,
        created_at=now,
        finished_at=now,
    )

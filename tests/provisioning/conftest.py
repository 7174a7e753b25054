from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.roles import OrganizationRole
from jobs import runner
from jobs.models import Job
from organizations.connect import connect
from organizations.models import Instance
from organizations.ports import Organization
from portaladmin.demo import load_demo
from provisioning.configuration import Configuration
from provisioning.models import Portal
from provisioning.services import provision
from provisioning.terms import CURRENT

SignIn = Callable[[str], Client]


@dataclass(frozen=True)
class World:
    """The demo: Contoso, its people, its add-ons."""

    production: Instance
    sandbox: Instance

    def user(self, local: str) -> User:
        return User.objects.get(email=f"{local}@contoso.example")

    def portal(self, type: str = "production") -> Portal:
        """The first add-on of that type that nobody configured."""
        return Portal.objects.filter(type=type, phase="not-configured").order_by("created_at", "id")[0]

    @property
    def organization(self) -> Organization:
        return connect(self.production)

    def values(self, **changes: Any) -> dict[str, Any]:
        """What a browser sends for the configure form."""
        administrator = self.organization.users_with_role(OrganizationRole.SYSTEM_ADMINISTRATOR)
        return {
            "name": "Contoso Support",
            "subdomain": "contososupport",
            "instance": str(self.production.id),
            "language": "1033",
            "administrator": str(next(p.id for p in administrator if p.email.startswith("system.admin"))),
            "audience": "customer",
            "template": "customer-self-service",
            **changes,
        }

    def configuration(self, **changes: Any) -> Configuration:
        values = self.values()
        return Configuration(
            **{
                "name": values["name"],
                "subdomain": values["subdomain"],
                "instance_id": UUID(values["instance"]),
                "language": 1033,
                "administrator_id": UUID(values["administrator"]),
                "administrator_name": "Sylvia Admon",
                "audience": "customer",
                "template": "customer-self-service",
                **changes,
            }
        )

    def submit(self, portal: Portal | None = None, *, local: str = "system.admin", **changes: Any) -> Job:
        return provision.submit(
            portal_id=(portal or self.portal()).id,
            configuration=self.configuration(**changes),
            terms_version=CURRENT.version,
            user=self.user(local),
        )


@pytest.fixture
def world(db: None) -> World:
    load_demo()
    return World(Instance.objects.get(name="Contoso"), Instance.objects.get(name="Contoso Sandbox"))


@pytest.fixture
def web(live_server: LiveServer, settings: LazySettings) -> LiveServer:
    """The product's web server, where probes of portals find it."""
    settings.WEB_ADDRESS = live_server.url.removeprefix("http://")
    return live_server


@pytest.fixture
def sign_in(world: World) -> SignIn:
    """A browser of one of the demo people."""

    def make(local: str) -> Client:
        client = Client(HTTP_HOST="localhost")
        client.force_login(world.user(local))
        return client

    return make


def run_all(limit: int = 10) -> list[Job]:
    """Run every job that is due, as workers would, until nothing is; those that ran."""
    ran: list[Job] = []
    for _ in range(limit):
        due = list(Job.objects.filter(state="queued").order_by("created_at"))
        if not due:
            break
        for job in due:
            runner.run(job.id)
            ran.append(job)
    return ran

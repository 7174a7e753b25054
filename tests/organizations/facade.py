"""A client of an organization's Web API, for tests that speak to it without a socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations import clients
from organizations.clients import Credentials
from organizations.facade.tokens import TENANT
from organizations.models import Instance, SecurityRole

ROOT = "/api/data/v9.2/"


def add_client(
    instance: Instance,
    role: OrganizationRole = OrganizationRole.SYSTEM_ADMINISTRATOR,
    *,
    name: str = "Loader",
) -> Credentials:
    """A program that may use the Web API, with that role."""
    held = SecurityRole.objects.get(instance=instance, template_id=ROLE_TEMPLATES[role])
    return clients.create(instance=instance, name=name, role_ids=[held.pk], owner=uuid4())


def host(instance: Instance) -> str:
    return instance.url.removeprefix("https://")


def token_response(instance: Instance, credentials: Credentials, **changes: Any) -> HttpResponse:
    form = {
        "grant_type": "client_credentials",
        "client_id": str(credentials.client_id),
        "client_secret": credentials.secret,
        "scope": f"{instance.url}/.default",
        **changes,
    }
    client = Client(HTTP_HOST=host(instance))
    return client.post(f"/{TENANT}/oauth2/v2.0/token", form)  # type: ignore[return-value]


@dataclass
class Api:
    """Requests with a token of the credentials."""

    instance: Instance
    credentials: Credentials
    token: str = ""
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.client = Client(HTTP_HOST=host(self.instance))
        self.token = json.loads(token_response(self.instance, self.credentials).content)["access_token"]

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        **headers: str,
    ) -> HttpResponse:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(  # type: ignore[return-value]
            method,
            path if path.startswith("/") else ROOT + path,
            data,
            content_type=content_type,
            query_params=dict(query or {}),
            headers={"Authorization": f"Bearer {self.token}", **named},
        )

    def get(self, path: str, query: Mapping[str, str] | None = None, **headers: str) -> HttpResponse:
        return self.send("GET", path, query=query, **headers)

    def rows(self, path: str, query: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        response = self.get(path, query)
        assert response.status_code == 200, response.content
        value: list[dict[str, Any]] = json.loads(response.content)["value"]
        return value

    def create(self, entity_set: str, body: Mapping[str, Any]) -> str:
        """The new record's id."""
        response = self.send("POST", entity_set, body)
        assert response.status_code == 204, response.content
        return str(response["OData-EntityId"]).partition("(")[2].removesuffix(")")


def fault(response: HttpResponse) -> tuple[int, str]:
    """Status and Dataverse's code."""
    return response.status_code, json.loads(response.content)["error"]["code"]

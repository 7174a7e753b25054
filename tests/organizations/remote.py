"""An instance of kind Dataverse whose organization is an embedded one, reached through its Web API."""

from __future__ import annotations

from accounts.roles import OrganizationRole
from accounts.vault import seal
from organizations.connect import place
from organizations.facade.tokens import TENANT
from organizations.models import Connection, Instance
from tests.organizations.facade import add_client


def connected(
    embedded: Instance,
    role: OrganizationRole = OrganizationRole.SYSTEM_ADMINISTRATOR,
    *,
    name: str = "Connector",
) -> Instance:
    """The same organization once more, seen from outside by an application of that role."""
    credentials = add_client(embedded, role, name=name)
    instance = Instance.objects.create(
        kind=Instance.Kind.DATAVERSE,
        name=f"{embedded.name} ({name})",
        url=embedded.url.replace("https://", "http://"),
        type=embedded.type,
        version=embedded.version,
        base_language=embedded.base_language,
        organization_id=embedded.organization_id,
    )
    Connection.objects.create(
        instance=instance,
        tenant=str(TENANT),
        client_id=credentials.client_id,
        proof=Connection.Proof.SECRET,
        sealed=seal(credentials.secret, place=place(instance.id)),
    )
    return instance

"""From an instance to its organization: the one place that knows which adapter speaks to which kind."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from accounts.vault import CannotOpen, unseal
from organizations.adapters.embedded import EmbeddedOrganization
from organizations.dataverse import http
from organizations.dataverse.addresses import Forbidden
from organizations.dataverse.credentials import Credential
from organizations.dataverse.organization import DataverseOrganization
from organizations.dataverse.session import Access
from organizations.models import Connection, Instance
from organizations.ports import Denied, NotFound, Organization


def _dataverse(instance: Instance) -> Organization:
    return DataverseOrganization(instance.id, access(instance))


_ADAPTERS: dict[str, Callable[[Instance], Organization]] = {
    Instance.Kind.EMBEDDED.value: lambda instance: EmbeddedOrganization(instance.id),
    Instance.Kind.DATAVERSE.value: _dataverse,
}


def connect(instance: Instance) -> Organization:
    """The organization behind an instance. Nothing is sent yet; the first call tells whether it answers.

    Raises Denied for one whose stored secret cannot be opened, or whose address is not allowed any more.
    """
    return _ADAPTERS[instance.kind](instance)


def connect_by_id(instance_id: UUID) -> Organization:
    """The same from the instance's id. Raises NotFound."""
    instance = Instance.objects.select_related("connection").filter(pk=instance_id).first()
    if instance is None:
        raise NotFound("This Dynamics 365 instance does not exist any more.")
    return connect(instance)


def access(instance: Instance) -> Access:
    """Where an organization somewhere else is and how we sign in there. Raises Denied."""
    try:
        connection = instance.connection
        sealed = unseal(connection.sealed, place=place(instance.id))
        origin = http.of_url(instance.url)
    except Connection.DoesNotExist:
        raise Denied(f"{instance.name} has no connection yet.", code="not_connected") from None
    except CannotOpen:
        said = f"The stored secret of {instance.name} cannot be opened with this installation's keys. Enter it again."
        raise Denied(said, code="secret_unreadable") from None
    except Forbidden as error:
        raise Denied(str(error), code="address_forbidden") from None
    proof = "secret" if connection.proof == Connection.Proof.SECRET else "pem"
    return Access(origin, connection.tenant, Credential(connection.client_id, **{proof: sealed}))


def place(instance_id: UUID) -> str:
    """Where an instance's sealed secret stands, as the vault wants to know it."""
    return f"instance:{instance_id}:credential"

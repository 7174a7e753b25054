"""From an instance to its organization: the one place that knows which adapter speaks to which kind."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from organizations.adapters.embedded import EmbeddedOrganization
from organizations.models import Instance
from organizations.ports import NotFound, Organization

_ADAPTERS: dict[str, Callable[[Instance], Organization]] = {
    Instance.Kind.EMBEDDED.value: lambda instance: EmbeddedOrganization(instance.id),
}


def connect(instance: Instance) -> Organization:
    """The organization behind an instance. Nothing is sent yet; the first call tells whether it answers."""
    return _ADAPTERS[instance.kind](instance)


def connect_by_id(instance_id: UUID) -> Organization:
    """The same from the instance's id. Raises NotFound."""
    instance = Instance.objects.filter(pk=instance_id).first()
    if instance is None:
        raise NotFound("This Dynamics 365 instance does not exist any more.")
    return connect(instance)

"""Roles of a person in organizations that are somewhere else, asked for once in a while instead of at every page."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from uuid import UUID

from django.core.cache import cache

from accounts.roles import OrganizationRole
from jobs.errors import JobError
from organizations.connect import connect
from organizations.models import Instance

# Seconds that an answer holds; before a change it is asked for anew (`accounts.permissions.ask_again`).
KEPT = 60
# Seconds before an organization that did not answer is asked again; meanwhile the person has no role there.
_AGAIN = 30
log = logging.getLogger(__name__)


def roles(object_id: UUID) -> Mapping[UUID, frozenset[OrganizationRole]]:
    """By instance id, of the instances in which the person has any. Jobs ask the organization itself, each time."""
    rows = Instance.objects.filter(kind=Instance.Kind.DATAVERSE).select_related("connection")
    instances = {_key(row, object_id): row for row in rows}
    known = cache.get_many(list(instances)) if instances else {}
    found: dict[UUID, frozenset[OrganizationRole]] = {}
    for key, instance in instances.items():
        held = known[key] if key in known else _asked(instance, object_id, key)
        if held:
            found[instance.id] = frozenset(OrganizationRole(name) for name in held)
    return found


def forget(object_id: UUID, instance_id: UUID) -> None:
    """The person's roles in that organization are asked for when they are wanted next."""
    row = Instance.objects.filter(pk=instance_id, kind=Instance.Kind.DATAVERSE).first()
    if row is not None:
        cache.delete(_key(row, object_id))


def _asked(instance: Instance, object_id: UUID, key: str) -> list[str]:
    try:
        held = sorted(role.value for role in connect(instance).roles_of(object_id))
        cache.set(key, held, KEPT)
    except JobError as error:
        log.warning("%s does not tell the roles of its users: %s", instance.name, error)
        held = []
        cache.set(key, held, _AGAIN)
    return held


def _key(instance: Instance, object_id: UUID) -> str:
    # The address is in it: whoever connects the instance otherwise wants to know at once.
    return f"remote-roles:{instance.id}:{instance.url}:{object_id}"

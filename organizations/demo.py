"""The demo's organizations: Contoso and its sandbox, read from demo.toml."""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.roles import ROLE_TEMPLATES, OrganizationRole
from organizations.adapters.embedded.admission import APPLICATION_ID, APPLICATION_USER
from organizations.models import (
    Instance,
    Label,
    Language,
    Record,
    RoleMembership,
    SecurityRole,
    Solution,
    SystemUser,
)

_SOURCE = Path(__file__).with_suffix(".toml")

# Roles by the words that the demo's organizations have for them; all others come from no template.
_TEMPLATES: dict[str, UUID] = {
    "System Administrator": ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR],
    "Systemadministrator": ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR],
    "System Customizer": ROLE_TEMPLATES[OrganizationRole.SYSTEM_CUSTOMIZER],
    "Systemanpasser": ROLE_TEMPLATES[OrganizationRole.SYSTEM_CUSTOMIZER],
}


@transaction.atomic
def load_demo(people: Mapping[str, UUID]) -> None:
    """Make the organizations that are not there yet; one that is there is left as people made it.

    `people` are directory object ids by the local part of the address ("system.admin").
    Raises KeyError if one of the demo's people is missing.
    """
    source = tomllib.loads(_SOURCE.read_text(encoding="utf-8"))
    for description in source["instances"]:
        # By its id: its URL and its name may have been changed since.
        instance, made = Instance.objects.get_or_create(
            id=uuid.uuid5(uuid.NAMESPACE_URL, description["url"]),
            defaults={
                "url": description["url"],
                "name": description["name"],
                "type": description["type"],
                "version": description["version"],
                "base_language": description["base_language"],
            },
        )
        if made:
            _languages(instance, description)
            _people(instance, description["roles"], source["people"], people)
            _solutions(instance, description["solutions"])
            _labels(instance, None, description.get("labels", {}))
            _records(instance, description["records"])


def _languages(instance: Instance, description: Mapping[str, Any]) -> None:
    enabled = {instance.base_language, *description["enabled"]}
    Language.objects.bulk_create(
        Language(instance=instance, lcid=lcid, enabled=lcid in enabled)
        for lcid in sorted(enabled | {*description["available"]})
    )


def _people(
    instance: Instance,
    roles: Mapping[str, list[str]],
    names: Mapping[str, str],
    people: Mapping[str, UUID],
) -> None:
    users = {
        key: SystemUser.objects.create(
            instance=instance, full_name=name, email=f"{key}@contoso.example", object_id=people[key]
        )
        for key, name in names.items()
        if any(key in holders for holders in roles.values())
    }
    us = SystemUser.objects.create(
        instance=instance, full_name=APPLICATION_USER, application_id=APPLICATION_ID
    )
    for name, holders in roles.items():
        role = SecurityRole.objects.create(instance=instance, name=name, template_id=_TEMPLATES.get(name))
        members = [users[key] for key in holders]
        if role.template_id == ROLE_TEMPLATES[OrganizationRole.SYSTEM_ADMINISTRATOR]:
            members.append(us)
        RoleMembership.objects.bulk_create(RoleMembership(user=user, role=role) for user in members)


def _solutions(instance: Instance, solutions: list[dict[str, Any]]) -> None:
    for layer, description in enumerate(solutions, start=1):
        solution = Solution.objects.create(
            instance=instance,
            unique_name=description["unique_name"],
            friendly_name=description["friendly_name"],
            version=description["version"],
            layer=layer,
        )
        _labels(instance, solution, description["labels"])


def _labels(instance: Instance, solution: Solution | None, components: Mapping[str, Any]) -> None:
    Label.objects.bulk_create(
        Label(
            instance=instance,
            solution=solution,
            component=component,
            column=column,
            lcid=int(lcid),
            text=text,
        )
        for component, columns in components.items()
        for column, texts in columns.items()
        for lcid, text in texts.items()
    )


def _records(instance: Instance, records: list[dict[str, Any]]) -> None:
    def place(key: str) -> UUID:
        return uuid.uuid5(instance.id, key)

    Record.objects.bulk_create(
        Record(
            instance=instance,
            entity=record["entity"],
            record_id=place(record["key"]),
            attributes={
                **record["attributes"],
                **{name: str(place(key)) for name, key in record.get("references", {}).items()},
            },
            version=1,
        )
        for record in records
    )

"""Programs that may use an embedded organization's Web API: application users, with a secret of the directory.

Each is an application in the directory and a user of one organization. Its secret is shown once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from accounts.directory import directory
from accounts.ports import Application
from organizations import trail
from organizations.adapters.embedded.admission import APPLICATION_ID
from organizations.models import Instance, RoleMembership, SecurityRole, SystemUser

SECRET_DAYS = 365


class UnknownClient(LookupError):
    """There is no such program in this organization (any more)."""


class UnknownRole(ValueError):
    """At least one role of the organization is needed, and only its own will do."""


@dataclass(frozen=True)
class Credentials:
    """What a program signs in with; the secret is known from here only."""

    client_id: UUID
    secret: str = field(repr=False)
    expires_at: datetime


def of(instance: Instance) -> list[SystemUser]:
    """The programs of the organization by name, save the admin center itself, each with its roles at hand."""
    users = SystemUser.objects.filter(instance=instance, application_id__isnull=False)
    return list(
        users.exclude(application_id=APPLICATION_ID)
        .prefetch_related("memberships__role")
        .order_by("full_name", "id")
    )


@transaction.atomic
def create(*, instance: Instance, name: str, role_ids: Iterable[int], owner: UUID) -> Credentials:
    """Let a program in, with these roles; `owner` is who asks, as the directory knows the person.

    Raises UnknownRole, and what the directory raises.
    """
    roles = list(SecurityRole.objects.filter(instance=instance, pk__in=list(role_ids)))
    if not roles:
        raise UnknownRole("Choose at least one role.")
    user_id = uuid4()
    application = directory().register(
        request_key=_key(user_id), display_name=name, redirect_uris=[], owners=[owner]
    )
    user = SystemUser.objects.create(
        id=user_id, instance=instance, full_name=f"# {name}", application_id=application.client_id
    )
    RoleMembership.objects.bulk_create(RoleMembership(user=user, role=role) for role in roles)
    secret = directory().add_secret(application.id, days=SECRET_DAYS)
    trail.program(instance, change="added", name=name)
    return Credentials(application.client_id, secret.text, secret.expires_at)


@transaction.atomic
def renew(*, instance: Instance, user_id: UUID) -> Credentials:
    """A new secret; the old ones do not work any more. Raises UnknownClient."""
    application = _application(instance, user_id)
    old = directory().secret_ids(application.id)
    secret = directory().add_secret(application.id, days=SECRET_DAYS)
    for secret_id in old:
        directory().remove_secret(application.id, secret_id)
    trail.program(instance, change="renewed", name=application.display_name)
    return Credentials(application.client_id, secret.text, secret.expires_at)


@transaction.atomic
def remove(*, instance: Instance, user_id: UUID) -> None:
    """Shut a program out: tokens that it holds are worth nothing from now on. Raises UnknownClient."""
    application = _application(instance, user_id)
    SystemUser.objects.filter(instance=instance, pk=user_id).delete()
    directory().delete(application.id)
    trail.program(instance, change="removed", name=application.display_name)


def _application(instance: Instance, user_id: UUID) -> Application:
    known = SystemUser.objects.filter(instance=instance, pk=user_id, application_id__isnull=False)
    application = directory().find(request_key=_key(user_id)) if known.exists() else None
    if application is None:
        raise UnknownClient("There is no such program in this organization any more.")
    return application


def _key(user_id: UUID) -> str:
    return f"organization-client:{user_id}"

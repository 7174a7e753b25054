"""The directory of a single machine: applications in our own tables."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import (
    DirectoryApplication,
    DirectoryApplicationOwner,
    DirectoryApplicationSecret,
    DirectoryRoleAssignment,
    User,
)
from accounts.ports import Application, ApplicationNotFound, Directory, DirectoryDenied, Secret
from accounts.roles import DirectoryRole


class EmbeddedDirectory(Directory):
    """The whole directory port over `accounts.models`."""

    @transaction.atomic
    def register(
        self, *, request_key: str, display_name: str, redirect_uris: list[str], owners: list[UUID]
    ) -> Application:
        if gone := User.objects.filter(directory_object_id__in=owners, is_active=False).first():
            raise DirectoryDenied(
                f"The account of {gone} is disabled in the directory, so it can own nothing."
            )
        row, _ = DirectoryApplication.objects.update_or_create(
            request_key=request_key,
            defaults={"display_name": display_name, "redirect_uris": redirect_uris},
        )
        DirectoryApplicationOwner.objects.bulk_create(
            [DirectoryApplicationOwner(application=row, object_id=owner) for owner in owners],
            ignore_conflicts=True,
        )
        return _seen(row)

    def find(self, *, request_key: str) -> Application | None:
        row = DirectoryApplication.objects.filter(request_key=request_key).first()
        return None if row is None else _seen(row)

    def get(self, application_id: UUID) -> Application:
        return _seen(_row(application_id))

    def add_secret(self, application_id: UUID, *, days: int) -> Secret:
        text = secrets.token_urlsafe(32)
        row = DirectoryApplicationSecret.objects.create(
            application=_row(application_id),
            digest=_digest(text),
            expires_at=timezone.now() + timedelta(days=days),
        )
        return Secret(id=row.id, text=text, expires_at=row.expires_at)

    def remove_secret(self, application_id: UUID, secret_id: UUID) -> None:
        DirectoryApplicationSecret.objects.filter(application_id=application_id, pk=secret_id).delete()

    def secret_ids(self, application_id: UUID) -> list[UUID]:
        return list(_row(application_id).secrets.values_list("id", flat=True))

    def check_secret(self, client_id: UUID, text: str) -> bool:
        return DirectoryApplicationSecret.objects.filter(
            application__client_id=client_id, expires_at__gt=timezone.now(), digest=_digest(text)
        ).exists()

    def may_delete(self, application_id: UUID, *, object_id: UUID) -> bool:
        application = _row(application_id)
        disabled = User.objects.filter(directory_object_id=object_id, is_active=False)
        if application.owners.filter(object_id=object_id).exists() and not disabled.exists():
            return True
        return DirectoryRoleAssignment.objects.filter(
            user__directory_object_id=object_id,
            user__is_active=True,
            role=DirectoryRole.GLOBAL_ADMINISTRATOR,
        ).exists()

    def add_owner(self, application_id: UUID, *, object_id: UUID) -> None:
        DirectoryApplicationOwner.objects.get_or_create(application=_row(application_id), object_id=object_id)

    def delete(self, application_id: UUID) -> None:
        DirectoryApplication.objects.filter(pk=application_id).delete()


def _digest(text: str) -> str:
    """The text is long and random, nobody can guess through a list, so a plain SHA-256 keeps it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _row(application_id: UUID) -> DirectoryApplication:
    try:
        return DirectoryApplication.objects.get(pk=application_id)
    except DirectoryApplication.DoesNotExist:
        raise ApplicationNotFound(f"The directory has no application {application_id}.") from None


def _seen(row: DirectoryApplication) -> Application:
    return Application(
        id=row.id,
        client_id=row.client_id,
        display_name=row.display_name,
        redirect_uris=tuple(row.redirect_uris),
        owners=frozenset(row.owners.values_list("object_id", flat=True)),
    )

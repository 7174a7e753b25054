"""The directory port: one client application per portal.

The docstrings are the specification; every adapter passes `tests/contracts/directory.py`. Modelled on Microsoft
Graph (`/applications`, `addPassword`). Pure: neither Django nor Celery.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID


class DirectoryError(Exception):
    """Base of what the directory answers instead of a result; the message is one sentence."""


class DirectoryDenied(DirectoryError):
    """The directory refuses (403, `Authorization_RequestDenied`)."""


class DirectoryUnavailable(DirectoryError):
    """The directory cannot be reached or answers 5xx."""


class ApplicationNotFound(DirectoryError):
    """There is no such application (any more)."""


@dataclass(frozen=True)
class Application:
    """A client application. `id` is the directory's own, `client_id` (Entra's `appId`) the one that clients send."""

    id: UUID
    client_id: UUID
    display_name: str
    redirect_uris: tuple[str, ...]
    owners: frozenset[UUID]


@dataclass(frozen=True)
class Secret:
    """A new secret of an application; its text is shown this once and never again."""

    id: UUID
    text: str = field(repr=False)
    expires_at: datetime


class Directory(Protocol):
    """The directory of the tenant, seen by the admin center."""

    def register(
        self, *, request_key: str, display_name: str, redirect_uris: list[str], owners: list[UUID]
    ) -> Application:
        """Make an application for `request_key`, or bring the one made before for it to these values.

        Never two for one key. Raises DirectoryDenied, DirectoryUnavailable.
        """

    def find(self, *, request_key: str) -> Application | None:
        """The application that was made for the key, if it is there."""

    def get(self, application_id: UUID) -> Application:
        """Raises ApplicationNotFound."""

    def add_secret(self, application_id: UUID, *, days: int) -> Secret:
        """A further secret, valid for so many days. Raises ApplicationNotFound, DirectoryDenied."""

    def remove_secret(self, application_id: UUID, secret_id: UUID) -> None:
        """Withdraw a secret; one that is gone is fine."""

    def secret_ids(self, application_id: UUID) -> list[UUID]:
        """Ids of the application's secrets. Raises ApplicationNotFound."""

    def check_secret(self, client_id: UUID, text: str) -> bool:
        """Whether `text` is a secret of that client that is valid now."""

    def may_delete(self, application_id: UUID, *, object_id: UUID) -> bool:
        """Whether that person owns the application or is Global Administrator. Raises ApplicationNotFound."""

    def add_owner(self, application_id: UUID, *, object_id: UUID) -> None:
        """Let that person change and delete the application; one who may already is fine.

        Raises ApplicationNotFound, DirectoryDenied.
        """

    def delete(self, application_id: UUID) -> None:
        """Remove the application with its secrets; one that is gone is fine."""

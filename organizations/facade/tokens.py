"""Tokens of the Web API: one is for one organization, and names it as its only scope."""

from __future__ import annotations

import hashlib
import uuid
from urllib.parse import urlsplit
from uuid import UUID

from organizations.models import Instance

# The tenant of the embedded directory. There is one, so it needs no table.
TENANT = uuid.uuid5(uuid.NAMESPACE_DNS, "portal-admin-center.localhost")
_DEFAULT = "/.default"


def checksum(token: str) -> str:
    """As django-oauth-toolkit keeps it."""
    return hashlib.sha256(token.encode()).hexdigest()


def host(instance: Instance) -> str:
    """The organization's host name, in lower case."""
    return (urlsplit(instance.url).hostname or "").lower()


def authority(instance: Instance) -> str:
    return f"{instance.url.rstrip('/')}/{TENANT}"


def names_organization(asked: str, host: str) -> bool:
    """Whether a scope such as `https://contoso.crm.localhost/.default` asks for the organization at that host.

    The port is disregarded: it is the server's affair, and clients take it from the address that they were given.
    """
    if not asked.endswith(_DEFAULT):
        return False
    try:
        address = urlsplit(asked.removesuffix(_DEFAULT))
        return address.scheme in ("http", "https") and (address.hostname or "").lower() == host
    except ValueError:
        return False


def is_tenant(text: str) -> bool:
    """The tenant's id, or the words that mean it."""
    try:
        return text in ("common", "organizations") or UUID(text) == TENANT
    except ValueError:
        return False

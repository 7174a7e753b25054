"""A new address for an embedded organization, as Dynamics 365 has "Edit the organization's URL"."""

from __future__ import annotations

import re
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.words import N_
from organizations import trail
from organizations.locating import AddressRefused, embedded_at, same
from organizations.models import Instance

SHORTEST, LONGEST = 2, 63
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)
_TAKEN = N_("Another organization has this URL. Choose another name.")


def suffix() -> str:
    """What follows the name in the address of every embedded organization."""
    return f".{settings.ORGANIZATION_BASE_DOMAIN}"


def name_of(instance: Instance) -> str:
    """The first part of its present host; "" when it has none of ours."""
    host = instance.url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return host.removesuffix(suffix()) if host.endswith(suffix()) else ""


@audit.attempted(audit.Verb.UPDATE_INSTANCE_URL)
def move(*, instance_id: UUID, name: str) -> Instance:
    """From now on the organization answers at the host of that name, and not at its old one any more.

    Its data stay as they are. Portals that are bound to the old address reach it again when they are updated, and
    programs sign in at the new one. Raises AddressRefused, Instance.DoesNotExist (there is no such embedded one).
    """
    label = _checked(name)
    url = f"https://{label}{suffix()}"
    with transaction.atomic():
        instance = Instance.objects.select_for_update(no_key=True).get(
            pk=instance_id, kind=Instance.Kind.EMBEDDED
        )
        if same(instance.url, url):
            raise AddressRefused("same_address", N_("This is the organization's present URL."))
        if embedded_at(url) is not None:
            raise AddressRefused("url_taken", _TAKEN)
        before, instance.url = instance.url, url
        try:
            with transaction.atomic():
                instance.save(update_fields=["url"])
        except IntegrityError:
            raise AddressRefused("url_taken", _TAKEN) from None
        trail.address(instance, before=before)
    return instance


def _checked(name: str) -> str:
    typed = name.strip()
    label = typed.lower()
    if not typed:
        raise AddressRefused("name_missing", N_("Enter the first part of the organization's URL."))
    if not typed.isascii() or not _NAME.fullmatch(label):
        raise AddressRefused(
            "name_characters",
            N_("Use only letters (a–z), digits and hyphens (-), and no hyphen at the beginning or the end."),
        )
    if not SHORTEST <= len(label) <= LONGEST:
        raise AddressRefused(
            "name_length",
            N_("The name has %(least)s to %(most)s characters."),
            least=SHORTEST,
            most=LONGEST,
        )
    if label[2:4] == "--":
        raise AddressRefused(
            "name_encoded", N_("The name must not have hyphens as its third and fourth character.")
        )
    return label

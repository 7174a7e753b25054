"""Which certificates the wizard offers, and why one of them does not do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext

from accounts import formats
from domains import hostnames
from domains.models import Certificate


@dataclass(frozen=True)
class Offered:
    """A certificate of the organization; `reason` says why it does not do, "" when it does."""

    certificate: Certificate
    reason: str
    is_over: bool  # it cannot be chosen for any host

    @property
    def id(self) -> str:
        return str(self.certificate.pk)

    @property
    def day(self) -> str:
        """Its last one."""
        return formats.day(self.certificate.not_after)


def certificates(instance_id: UUID, *, host: str, now: datetime) -> list[Offered]:
    """All of the organization's, those that do first. `host`: "" while no host name is chosen."""
    rows = Certificate.objects.filter(instance=instance_id).order_by("subject", "-not_after", "id")
    offered = [Offered(row, why_not(row, host=host, now=now), row.ends_at <= now) for row in rows]
    return sorted(offered, key=lambda one: bool(one.reason))


def why_not(certificate: Certificate, *, host: str, now: datetime) -> str:
    """Why the certificate cannot serve the host now; "" when it can. In the reader's language."""
    if certificate.ends_at <= now:
        return gettext("expired on %(day)s") % {"day": formats.day(certificate.ends_at)}
    if host and not hostnames.covered(certificate.names, host):
        return gettext("does not cover %(host)s, but %(names)s") % {
            "host": host,
            "names": names_in_short(certificate.names),
        }
    return ""


def names_in_short(names: list[str], most: int = 4) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:most])
    if len(names) <= most:
        return shown
    return gettext("%(names)s and %(number)s more") % {"names": shown, "number": len(names) - most}

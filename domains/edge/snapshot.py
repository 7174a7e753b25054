"""What the edge serves at one moment, read from the database as a whole and then never changed.

Handshakes are answered from it alone, so neither a stranger's SNI nor a database that is away reaches further.
Keys stay sealed in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import vault
from domains.edge.base import base_certificate
from domains.edge.models import EdgeRevision
from domains.models import Certificate, CustomDomain

# Certificates that are read with one statement.
BATCH = 500


@dataclass(frozen=True)
class Served:
    """A certificate as it is served. `key`: id and revision, or the base domain's fingerprint."""

    key: tuple[str, int]
    fingerprint: str
    chain: str
    sealed_key: str = field(repr=False)
    key_place: str

    def private_key(self) -> str:
        """PEM. Raises vault.CannotOpen."""
        return vault.unseal(self.sealed_key, place=self.key_place)


@dataclass(frozen=True)
class Snapshot:
    """Custom domains by host name, and the base domain's own certificate."""

    revision: int
    hosts: Mapping[str, Served]
    base_domain: str
    base: Served

    def find(self, host: str) -> Served | None:
        """What answers for a host name in lower case; None: we do not speak for it."""
        found = self.hosts.get(host)
        if found is not None:
            return found
        if host == self.base_domain or host.partition(".")[2] == self.base_domain:
            return self.base
        return None


def revision() -> int:
    """The number of what is to be served now; one query."""
    return EdgeRevision.objects.values_list("number", flat=True).first() or 0


@transaction.atomic
def read(previous: Snapshot | None = None) -> Snapshot:
    """What is to be served now. Certificates that the previous one has are not read again."""
    # First, so that a change that comes in between is found by the next look, not missed.
    number = revision()
    domain = settings.PORTAL_BASE_DOMAIN
    base = base_certificate(domain, now=timezone.now())
    rows = CustomDomain.objects.filter(published_at__isnull=False).values_list(
        "hostname", "certificate_id", "certificate__revision"
    )
    wanted = {host: (str(certificate), revised) for host, certificate, revised in rows}
    known = {served.key: served for served in previous.hosts.values()} if previous else {}
    missing = {key for key in wanted.values() if key not in known}
    known.update((served.key, served) for served in _certificates(UUID(key[0]) for key in missing))
    own = Served((base.fingerprint, 0), base.fingerprint, base.chain, base.sealed_key, base.key_place)
    return Snapshot(number, {host: known[key] for host, key in wanted.items() if key in known}, domain, own)


def _certificates(ids: Iterable[UUID]) -> Iterator[Served]:
    left = iter(set(ids))
    while batch := list(islice(left, BATCH)):
        for row in Certificate.objects.filter(pk__in=batch):
            yield Served(
                (str(row.id), row.revision), row.fingerprint, row.chain, row.sealed_key, row.key_place
            )

"""Ten thousand custom domains: each handshake gets the host's certificate, and memory stays within a bound."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import timezone

from domains.edge import choosing, snapshot
from domains.edge.contexts import Contexts
from domains.edge.snapshot import Snapshot
from domains.models import Certificate, CustomDomain
from domains.states import DomainState
from organizations.models import Instance
from provisioning.models import Portal, PortalType
from provisioning.phases import Phase

pytestmark = pytest.mark.django_db

HOSTS = 10_000
EACH = 4  # hosts of a certificate
SAMPLE = 150
KEPT = 100


def host_name(certificate: int, number: int) -> str:
    return f"h{certificate}-{number}.contoso.com"


def certificates(instance: Instance) -> list[Certificate]:
    """All with one key, so that making them takes seconds."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    begins, ends = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=90)
    made = []
    for number in range(HOSTS // EACH):
        host = f"h{number}.contoso.com"
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        leaf = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(number + 1)
            .not_valid_before(begins)
            .not_valid_after(ends)
            .sign(key, hashes.SHA256())
        )
        row = Certificate(
            instance=instance,
            subject=host,
            names=[host_name(number, one) for one in range(EACH)],
            issuer=host,
            serial=f"{number + 1:x}",
            not_before=begins,
            not_after=ends,
            ends_at=ends,
            fingerprint=leaf.fingerprint(hashes.SHA256()).hex(),
            thumbprint=f"{number:040X}",
            chain=leaf.public_bytes(serialization.Encoding.PEM).decode(),
            is_trusted=False,
        )
        row.seal_key(pem)
        made.append(row)
    return made


@pytest.fixture
def bound(portal: Portal) -> dict[str, str]:
    """Fingerprints by host."""
    assert portal.instance is not None
    now = timezone.now()
    rows = Certificate.objects.bulk_create(certificates(portal.instance), batch_size=1000)
    portals = Portal.objects.bulk_create(
        [
            Portal(
                id=uuid.uuid4(),
                type=PortalType.PRODUCTION,
                name=f"P{number}",
                subdomain=f"p{number}",
                phase=Phase.CONFIGURED,
                instance=portal.instance,
                provision_job=portal.provision_job,
            )
            for number in range(HOSTS)
        ],
        batch_size=1000,
    )
    hosts = {host: row for row in rows for host in row.names}
    CustomDomain.objects.bulk_create(
        [
            CustomDomain(
                portal=one,
                hostname=host,
                certificate=row,
                state=DomainState.BOUND,
                published_at=now,
                bound_at=now,
            )
            for one, (host, row) in zip(portals, hosts.items(), strict=True)
        ],
        batch_size=1000,
    )
    return {host: row.fingerprint for host, row in hosts.items()}


def shaken(listener: ssl.SSLContext, host: str) -> str:
    """SHA-256 of the leaf that a client gets in a handshake, all of it in memory."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server, server_hostname=host)
    server = listener.wrap_bio(to_server, to_client, server_side=True)
    turns: list[Callable[[], None]] = [client.do_handshake, server.do_handshake]
    while turns:
        for turn in list(turns):
            try:
                turn()
            except ssl.SSLWantReadError:
                continue
            turns.remove(turn)
    return sha256(client.getpeercert(binary_form=True) or b"").hexdigest()


def test_each_of_ten_thousand_hosts_gets_its_certificate_under_a_limit(bound: dict[str, str]) -> None:
    contexts = Contexts(KEPT)
    now: Snapshot = snapshot.read()
    assert {host: one.fingerprint for host, one in now.hosts.items()} == bound
    listener = choosing.context(lambda: now, contexts)
    sample = list(bound)[:: HOSTS // SAMPLE]
    assert {host: shaken(listener, host) for host in sample} == {host: bound[host] for host in sample}
    # More hosts than are kept were asked for; the first of them was made anew and is right again.
    assert len(contexts) == KEPT
    assert shaken(listener, sample[0]) == bound[sample[0]]
    with pytest.raises(ssl.SSLError):
        shaken(listener, "unknown.contoso.com")

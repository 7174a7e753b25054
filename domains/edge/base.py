"""The self-made certificate of the base domain."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.db import transaction

from domains.edge.models import BaseCertificate

# Apple's devices refuse longer ones, whoever made them.
LIFETIME = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)
# Clocks differ.
BACKDATED = timedelta(hours=1)


@transaction.atomic
def base_certificate(domain: str, *, now: datetime) -> BaseCertificate:
    """The one of the domain and of all names one label below it, made where there is none that lasts."""
    # One at a time: two edges that start together must not show different ones.
    BaseCertificate.objects.get_or_create(
        domain=domain, defaults={"fingerprint": "", "chain": "", "sealed_key": "", "not_after": now}
    )
    row = BaseCertificate.objects.select_for_update().get(pk=domain)
    if row.not_after - now < RENEW_BEFORE:
        _renew(row, now)
        row.save()
    return row


def _renew(row: BaseCertificate, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Self-made certificate of this installation")]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now - BACKDATED + LIFETIME)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(row.domain), x509.DNSName(f"*.{row.domain}")]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    row.chain = certificate.public_bytes(serialization.Encoding.PEM).decode()
    row.fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    row.not_after = certificate.not_valid_after_utc
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    row.seal_key(pem.decode())

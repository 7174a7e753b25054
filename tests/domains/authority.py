"""Certificates of every kind for tests: authorities, intermediates and leaves, made with `cryptography`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, and how it can issue others."""

    certificate: x509.Certificate
    key: PrivateKey

    def issue(
        self,
        name: str,
        hosts: Sequence[str] = (),
        *,
        key: PrivateKey | None = None,
        begins: datetime = NOW - DAY,
        ends: datetime = NOW + 90 * DAY,
        ca: bool = False,
        usages: Sequence[x509.ObjectIdentifier] | None = SERVER,
        hash: hashes.HashAlgorithm | None = None,
        signature: bool = True,
    ) -> Issued:
        return make(
            name,
            hosts,
            issuer=self,
            key=key,
            begins=begins,
            ends=ends,
            ca=ca,
            usages=usages,
            hash=hash,
            signature=signature,
        )


def elliptic() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def authority(name: str = "Contoso Test Root", *, ends: datetime = NOW + 3650 * DAY) -> Issued:
    """A root."""
    return make(name, ca=True, usages=None, begins=NOW - 400 * DAY, ends=ends)


def make(
    name: str,
    hosts: Sequence[str] = (),
    *,
    issuer: Issued | None = None,
    key: PrivateKey | None = None,
    begins: datetime = NOW - DAY,
    ends: datetime = NOW + 90 * DAY,
    ca: bool = False,
    usages: Sequence[x509.ObjectIdentifier] | None = SERVER,
    hash: hashes.HashAlgorithm | None = None,
    signature: bool = True,
) -> Issued:
    """A certificate; without an issuer it signs itself. `signature`: its key usage allows digital signatures."""
    key = key or elliptic()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_usage(ca=ca, signature=signature), critical=True)
    )
    if issuer:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(usages)), critical=False)
    signer = issuer.key if issuer else key
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hash or hashes.SHA256()
    return Issued(builder.sign(signer, algorithm), key)  # type: ignore[arg-type]


def _usage(*, ca: bool, signature: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signature,
        content_commitment=False,
        key_encipherment=not signature,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )

"""Judging what a file brought: which certificate it is, whether browsers will take it, and what to warn of. Pure.

Sources of the rules: the CA/Browser Forum's baseline requirements, RFC 5280, RFC 9525, and what Chromium refuses.
`x509.verification` takes RSA-1024 and refuses ordinary private roots, so it is asked one thing only: whether browsers
know the root.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, PublicKeyAlgorithmOID, SignatureAlgorithmOID

from domains import hostnames
from domains.certificates import chains
from domains.certificates.opening import Opened
from domains.certificates.refusals import FileRefused
from domains.certificates.verdicts import CertificateRefused, Remark

# What browsers verify: RSA (PKCS #1 and PSS) and ECDSA, each with SHA-2 of these sizes.
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_SIGNATURES = {
    SignatureAlgorithmOID.RSA_WITH_SHA256,
    SignatureAlgorithmOID.RSA_WITH_SHA384,
    SignatureAlgorithmOID.RSA_WITH_SHA512,
    SignatureAlgorithmOID.RSASSA_PSS,
    SignatureAlgorithmOID.ECDSA_WITH_SHA256,
    SignatureAlgorithmOID.ECDSA_WITH_SHA384,
    SignatureAlgorithmOID.ECDSA_WITH_SHA512,
}
_EDWARDS = {SignatureAlgorithmOID.ED25519: "Ed25519", SignatureAlgorithmOID.ED448: "Ed448"}
# What the library raises over a certificate that it cannot read; the last three are no kind of ValueError.
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_RSA = range(2048, 8192 + 1)  # bits
MOST_NAMES = 500
_LONGEST_PUBLIC = 398  # days
_COMMON_NAME = x509.NameOID.COMMON_NAME
_LONGEST_SERIAL = 160  # bits (RFC 5280, 4.1.2.2)
# Zeros among them, which no database keeps.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Judged:
    """A certificate that can be served. `key`, `chain`: PEM; times are aware; `ends_at` is the chain's earliest end."""

    subject: str
    names: list[str]
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    ends_at: datetime
    fingerprint: str
    thumbprint: str
    chain: str
    key: str = field(repr=False)  # not in what a debugger or a report of an error shows of it
    is_trusted: bool
    warnings: list[Remark]


def judge(opened: Opened, *, roots: Sequence[x509.Certificate], now: datetime) -> Judged:
    """Raises FileRefused (key_mismatch, unsupported), CertificateRefused (the most telling error)."""
    try:
        key = serialization.load_der_private_key(opened.key, None, unsafe_skip_rsa_key_validation=True)
        found = [x509.load_der_x509_certificate(der) for der in opened.certificates]
        leaf = _leaf(found, key, now)
    except _UNREADABLE as error:
        raise FileRefused("unsupported") from error
    try:
        return _judged(leaf, found, key, opened.keys, roots, now)
    except _UNREADABLE as error:
        raise CertificateRefused(Remark("unreadable")) from error


def _leaf(found: Sequence[x509.Certificate], key: PrivateKeyTypes, now: datetime) -> x509.Certificate:
    """The certificate of the key; of several (an old one beside its renewal) the valid one that lasts longest."""
    public = _public(key.public_key())
    own = [certificate for certificate in found if _key_of(certificate) == public]
    if not own:
        raise FileRefused("key_mismatch")
    return max(own, key=lambda c: (chains.is_valid(c, now), c.not_valid_after_utc))


def _key_of(certificate: x509.Certificate) -> bytes:
    try:
        return _public(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm):  # a stranger's, of a kind that we do not know
        return b""


def _public(key: object) -> bytes:
    encoding = serialization.Encoding.DER
    return key.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]


def _judged(
    leaf: x509.Certificate,
    found: Sequence[x509.Certificate],
    key: PrivateKeyTypes,
    keys: int,
    roots: Sequence[x509.Certificate],
    now: datetime,
) -> Judged:
    if leaf.serial_number.bit_length() > _LONGEST_SERIAL:
        raise CertificateRefused(Remark("unreadable"))
    chain = chains.build(leaf, found, roots, now=now)
    names = _names(leaf)
    if error := next(_errors(leaf, chain, names, now), None):
        raise CertificateRefused(error)
    trusted = _is_trusted(chain, names, roots, now)
    return Judged(
        subject=_common_name(leaf.subject) or names[0],
        names=names,
        issuer=_shown(leaf.issuer),
        serial=f"{leaf.serial_number:x}",
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        ends_at=min(certificate.not_valid_after_utc for certificate in chain.served),
        fingerprint=leaf.fingerprint(hashes.SHA256()).hex(),
        thumbprint=leaf.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - what Windows shows; a name, no proof
        chain=_pem(chain.served),
        key=_key_pem(key),
        is_trusted=trusted,
        warnings=list(_warnings(leaf, chain, keys, trusted)),
    )


def _errors(leaf: x509.Certificate, chain: chains.Chain, names: list[str], now: datetime) -> Iterator[Remark]:
    """The most telling one first."""
    yield from _times(chain, now)
    for certificate in chain.served:
        yield from _key(certificate)
        # Nobody checks the signature of a root, so that of a self-signed certificate does not matter; its hash is
        # still refused, as "SHA1 encrypted certs have been deprecated".
        yield from _signature(certificate)
    yield from _purposes(leaf, chain)
    if not names:
        yield Remark("no_san")
    if len(names) > MOST_NAMES:
        yield Remark("too_many_names", {"most": MOST_NAMES})


def _times(chain: chains.Chain, now: datetime) -> Iterator[Remark]:
    for certificate in chain.served:
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if ends < now:
            yield Remark("expired", {"subject": _shown(certificate.subject), "day": f"{ends:%Y-%m-%d}"})
        if begins > now:
            yield Remark(
                "not_yet_valid", {"subject": _shown(certificate.subject), "day": f"{begins:%Y-%m-%d}"}
            )


def _key(certificate: x509.Certificate) -> Iterator[Remark]:
    try:
        key: object = certificate.public_key()
    except UnsupportedAlgorithm:
        key = None
    about = {"subject": _shown(certificate.subject)}
    if certificate.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS:
        # A key for nothing but PSS: browsers take the signatures, not such keys, and our edge could not serve it.
        yield Remark("key_type", {**about, "key": "RSASSA-PSS"})
    elif isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in _RSA:
            yield Remark("weak_key", {**about, "key": f"RSA, {key.key_size} bits"})
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in _CURVES:
            yield Remark("weak_key", {**about, "key": key.curve.name})
    elif isinstance(key, dsa.DSAPublicKey):
        yield Remark("key_type", {**about, "key": "DSA"})
    else:
        yield Remark("key_type", {**about, "key": type(key).__name__.lstrip("_").removesuffix("PublicKey")})


def _signature(certificate: x509.Certificate) -> Iterator[Remark]:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        algorithm = None
    oid = certificate.signature_algorithm_oid
    if oid in _SIGNATURES and isinstance(algorithm, _HASHES):
        return
    if algorithm is not None:
        shown = algorithm.name.upper().replace("SHA1", "SHA-1")
    else:
        shown = _EDWARDS.get(oid, oid.dotted_string)
    yield Remark("weak_signature", {"subject": _shown(certificate.subject), "algorithm": shown})


def _purposes(leaf: x509.Certificate, chain: chains.Chain) -> Iterator[Remark]:
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    allowed = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    if purposes is not None and not any(purpose in allowed for purpose in purposes):
        yield Remark("eku")
    usage = _extension(leaf, x509.KeyUsage)
    if usage is not None and not usage.digital_signature and not chain.is_self_signed:
        yield Remark("key_usage")
    if _is_ca(leaf) and not chain.is_self_signed:
        yield Remark("is_ca")


def _warnings(leaf: x509.Certificate, chain: chains.Chain, keys: int, trusted: bool) -> Iterator[Remark]:
    if chain.is_self_signed:
        yield Remark("self_signed")
        if _is_ca(leaf):
            yield Remark("is_ca")
    elif chain.root is None:
        # Behind an intermediate, what is missing may well be the root, which need not be there.
        code = "unknown_root" if len(chain.served) > 1 else "incomplete_chain"
        yield Remark(code, {"issuer": _shown(chain.served[-1].issuer)})
    elif not chain.root_is_known:
        yield Remark("untrusted_root", {"issuer": _shown(chain.root.subject)})
    elif not trusted:
        yield Remark("not_verified")
    key = leaf.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp521r1":
        # Chromium offers no signature of this curve in its handshakes; it does take it from authorities.
        yield Remark("p521")
    if _extension(leaf, x509.ExtendedKeyUsage) is None:
        yield Remark("no_eku")
    days = (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days
    if chain.root_is_known and days > _LONGEST_PUBLIC:
        yield Remark("long_lived", {"days": days})
    if keys > 1:
        yield Remark("two_keys", {"number": keys})


Extension = TypeVar("Extension", bound=x509.ExtensionType)


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _is_ca(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _names(leaf: x509.Certificate) -> list[str]:
    """Host names of the SAN in lower case, once each, in their order; what is no host name is left out."""
    alternative = _extension(leaf, x509.SubjectAlternativeName)
    if alternative is None:
        return []
    found = [name.lower().rstrip(".") for name in alternative.get_values_for_type(x509.DNSName)]
    return list(dict.fromkeys(name for name in found if _is_host(name)))


def _is_host(name: str) -> bool:
    labels = name.removeprefix("*.").split(".")
    plain = all(label and label.replace("-", "").replace("_", "").isalnum() for label in labels)
    # What ends in a number is an address, which browsers look for elsewhere.
    return plain and name.isascii() and len(name) <= hostnames.LONGEST and not labels[-1].isdigit()


def _is_trusted(
    chain: chains.Chain, names: list[str], roots: Sequence[x509.Certificate], now: datetime
) -> bool:
    if not roots or not chain.root_is_known:
        return False
    asked = x509.DNSName(names[0].replace("*", "www"))
    builder = verification.PolicyBuilder().store(verification.Store(list(roots))).time(now)
    try:
        builder.build_server_verifier(asked).verify(chain.served[0], list(chain.served[1:]))
    except (verification.VerificationError, ValueError):
        return False
    return True


def _common_name(name: x509.Name) -> str:
    found = next((str(part.value) for part in name.get_attributes_for_oid(_COMMON_NAME)), "")
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", found[:300])


def _shown(name: x509.Name) -> str:
    """What people know it by."""
    whole = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", name.rfc4514_string()[:300])
    return _common_name(name) or whole or "—"


def _pem(served: Sequence[x509.Certificate]) -> str:
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in served)


def _key_pem(key: PrivateKeyTypes) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()

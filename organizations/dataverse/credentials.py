"""What an application proves its identity with: a secret, or a certificate with its key. Pure.

Source: Microsoft's page on certificate credentials (PS256, x5t#S256).
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from jwcrypto import jwk, jwt

MAX_FILE = 100_000  # bytes
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 300


class Unusable(ValueError):
    """The file is no certificate with its key; the message is a sentence."""


@dataclass(frozen=True)
class Credential:
    """Exactly one of the two. `pem` holds the certificate and its private key."""

    client_id: UUID
    secret: str = field(default="", repr=False)
    pem: str = field(default="", repr=False)

    def form(self, *, token_endpoint: str, now: float) -> dict[str, str]:
        """The part of the token request that proves it. `now` in seconds since 1970."""
        if self.secret:
            return {"client_id": str(self.client_id), "client_secret": self.secret}
        return {
            "client_id": str(self.client_id),
            "client_assertion_type": _ASSERTION,
            "client_assertion": _assertion(self, token_endpoint, int(now)),
        }


def _assertion(credential: Credential, token_endpoint: str, now: int) -> str:
    certificate = x509.load_pem_x509_certificate(credential.pem.encode())
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
    claims: Mapping[str, object] = {
        "aud": token_endpoint,
        "iss": str(credential.client_id),
        "sub": str(credential.client_id),
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "iat": now,
        "exp": now + _ASSERTION_SECONDS,
    }
    token = jwt.JWT(header={"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}, claims=json.dumps(claims))
    token.make_signed_token(jwk.JWK.from_pem(credential.pem.encode()))
    return str(token.serialize())


def read_certificate(data: bytes, password: str) -> str:
    """A certificate and its key as PEM, from a PEM or PKCS#12 file. Raises Unusable."""
    if len(data) > MAX_FILE:
        raise Unusable("The file is larger than a certificate with its key can be.")
    secret = password.encode() or None
    try:
        key, certificate = _from_pem(data, secret) if b"-----BEGIN" in data else _from_pkcs12(data, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Unusable(
            "The file cannot be read: it is no certificate with its key, or the password is wrong."
        ) from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Unusable("The directory takes certificates with an RSA key only.")
    if key.public_key() != certificate.public_key():
        raise Unusable("The key in the file is not the certificate's.")
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + certificate.public_bytes(Encoding.PEM)).decode()


def _from_pem(data: bytes, password: bytes | None) -> tuple[object, x509.Certificate]:
    return load_pem_private_key(data, password), x509.load_pem_x509_certificate(data)


def _from_pkcs12(data: bytes, password: bytes | None) -> tuple[object, x509.Certificate]:
    key, certificate, _ = pkcs12.load_key_and_certificates(data, password)
    if key is None or certificate is None:
        raise ValueError("The file lacks the key or the certificate.")
    return key, certificate


def valid_until(pem: str) -> datetime:
    """When the certificate ends."""
    return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc

"""Secrets at rest: AES-256-GCM with a key number, bound to the row that they stand in.

A sealed value is `v1.<key number>.<base64 of nonce + ciphertext>`. The place (such as
"portal:<uuid>:client-secret") goes in as associated data, so a value copied to another row does not open there,
and the key number shows whether a rotation is complete. Keys: settings.ENCRYPTION_KEYS, the highest seals.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

_NONCE = 12  # bytes, as GCM wants it


class CannotOpen(Exception):
    """The sealed value was changed, belongs to another place, or its key is not configured any more."""


@sensitive_variables()
def seal(secret: str, *, place: str) -> str:
    """Encrypt `secret` for `place` with the newest key."""
    number, key = max(settings.ENCRYPTION_KEYS.items())
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), place.encode())
    return f"v1.{number}.{base64.b64encode(nonce + sealed).decode()}"


@sensitive_variables()
def unseal(sealed: str, *, place: str) -> str:
    """The secret that was sealed for `place`. Raises CannotOpen."""
    try:
        version, number, encoded = sealed.split(".", 2)
        key = settings.ENCRYPTION_KEYS[int(number)]
        raw = base64.b64decode(encoded, validate=True)
        if version != "v1":
            raise CannotOpen("unknown version")
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], place.encode()).decode()
    except (ValueError, KeyError, InvalidTag) as error:
        raise CannotOpen("This sealed value does not open here.") from error

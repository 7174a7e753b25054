"""The roots that browsers know: Mozilla's list as `certifi` brings it, and those that an operator adds."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from django.conf import settings

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def roots() -> tuple[x509.Certificate, ...]:
    """Certificates of the roots. settings.EXTRA_ROOTS (a PEM file) is for an authority of one's own whose root is on
    every device that visits the portals."""
    return _read(certifi.where()) + (_read(settings.EXTRA_ROOTS) if settings.EXTRA_ROOTS else ())


@lru_cache(maxsize=4)
def _read(path: str) -> tuple[x509.Certificate, ...]:
    # A few old roots break rules of today (a serial number of zero), of which the library warns.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return tuple(_readable(Path(path).read_bytes()))


def _readable(bundle: bytes) -> Iterator[x509.Certificate]:
    for block in _BLOCK.findall(bundle):
        try:
            yield x509.load_pem_x509_certificate(block)
        except ValueError:  # one that the library does not take any more, browsers will hardly either
            continue

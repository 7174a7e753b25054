"""The roots that browsers know: Mozilla's list as `certifi` brings it, and those that an operator adds."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import certifi
from cryptography import x509
from django.conf import settings


def roots() -> tuple[x509.Certificate, ...]:
    """Certificates of the roots. settings.EXTRA_ROOTS (a PEM file) is for an authority of one's own whose root is on
    every device that visits the portals."""
    return _read(certifi.where()) + (_read(settings.EXTRA_ROOTS) if settings.EXTRA_ROOTS else ())


@lru_cache(maxsize=4)
def _read(path: str) -> tuple[x509.Certificate, ...]:
    return tuple(x509.load_pem_x509_certificates(Path(path).read_bytes()))

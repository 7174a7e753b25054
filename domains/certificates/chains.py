"""The chain of a certificate: from the leaf over its intermediates to a root. Pure.

Files bring certificates in any order, old ones and strangers among them; servers send the leaf first, each one's issuer
behind it, and leave the root out, since a browser either has it or does not believe it (RFC 8446, 4.4.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

_STEPS = 300  # signatures checked at most: twenty certificates that sign each other have endless paths
_LONGEST = 8


@dataclass(frozen=True)
class Chain:
    """`served`: the leaf, then its intermediates in order. `root`: who issued the last of them, if that is known and
    signs itself; the leaf itself when it is self-signed."""

    served: tuple[x509.Certificate, ...]
    root: x509.Certificate | None
    root_is_known: bool

    @property
    def is_self_signed(self) -> bool:
        return self.root is not None and self.root == self.served[0]


def issued(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
    """Whether the one signed the other."""
    if issuer.subject != subject.issuer:
        return False
    try:
        subject.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def is_root(certificate: x509.Certificate) -> bool:
    """Whether it signed itself. Of an old hash that cannot be checked any more, its identifiers tell."""
    if certificate.subject != certificate.issuer:
        return False
    if issued(certificate, certificate):
        return True
    try:
        if not isinstance(certificate.signature_hash_algorithm, (hashes.MD5, hashes.SHA1)):
            return False
    except UnsupportedAlgorithm:  # MD2, of the nineties
        pass
    own = _identifier(certificate, x509.SubjectKeyIdentifier)
    return _identifier(certificate, x509.AuthorityKeyIdentifier) in (None, own)


def _identifier(
    certificate: x509.Certificate, kind: type[x509.SubjectKeyIdentifier] | type[x509.AuthorityKeyIdentifier]
) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value.key_identifier
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return None


def may_issue(certificate: x509.Certificate) -> bool:
    """Whether it is an authority's, as browsers demand of each issuer. The oldest roots do not say what they are."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return certificate.subject == certificate.issuer
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False


def _is_legible(certificate: x509.Certificate) -> bool:
    """Whether its names can be read, such as those of old authorities in the letters of teletypes."""
    try:
        return bool([certificate.subject, certificate.issuer])
    except ValueError:
        return False


def is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether its time has come and is not over."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


class _Builder:
    def __init__(
        self, others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime
    ) -> None:
        self.others, self.roots, self.now = others, roots, now
        self.left = _STEPS
        self.found: list[Chain] = []

    def walk(self, path: tuple[x509.Certificate, ...]) -> None:
        last = path[-1]
        if is_root(last):
            served = path[:-1] or path
            self.found.append(Chain(served, last, last in self.roots))
            return
        known = next((root for root in self.roots if issued(root, last)), None)
        if known is not None:
            self.found.append(Chain(path, known, True))
        steps = []
        for other in self.others:
            if other.subject != last.issuer or other in path or not may_issue(other):
                continue
            self.left -= 1
            if self.left > 0 and len(path) < _LONGEST and issued(other, last):
                steps.append(other)
        for other in steps:
            self.walk((*path, other))
        if known is None and not steps:
            self.found.append(Chain(path, None, False))

    def best(self) -> Chain:
        def rank(chain: Chain) -> tuple[bool, bool, bool, int]:
            return (
                not all(is_valid(certificate, self.now) for certificate in chain.served[1:]),
                not chain.root_is_known,
                chain.root is None,
                len(chain.served),
            )

        return min(self.found, key=rank)


def build(
    leaf: x509.Certificate,
    others: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    *,
    now: datetime,
) -> Chain:
    """The best chain for the leaf: valid now, to a root that browsers know, to any root, short; in that order."""
    legible = [other for other in others if other != leaf and _is_legible(other)]
    builder = _Builder(legible, roots, now)
    builder.walk((leaf,))
    return builder.best()

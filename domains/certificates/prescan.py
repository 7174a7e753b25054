"""What a file is, as far as its outside tells, before anything is decrypted. Pure and bounded.

It finds the costs of opening that stand in the open (iteration counts, scrypt's memory), and says in words what people
upload by mistake. What it cannot see is left to the limits of the process that opens the file.
Format: RFC 7292 (PKCS #12), RFC 8018 (PBES2), RFC 9579 (PBMAC1), RFC 7914 (scrypt).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from domains.certificates.asn1 import (
    BIT_STRING,
    CONSTRUCTED,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    Element,
    Reader,
    Unreadable,
    oid,
)
from domains.certificates.refusals import LARGEST_FILE, FileRefused

# Windows takes 2,000, Java 10,000, careful people 600,000 to 2,000,000; more is no help and hours of computing.
MOST_ITERATIONS = 6_000_000  # of all parts together
MOST_SCRYPT_MEMORY = 128 * 1024 * 1024  # bytes
MOST_SCRYPT_WORK = 1024 * 1024 * 1024  # bytes moved: memory times parallelization

_DATA, _SIGNED, _ENVELOPED, _ENCRYPTED = (oid(f"1.2.840.113549.1.7.{n}") for n in (1, 2, 3, 6))
_KEY_BAG, _SHROUDED_BAG, _CERT_BAG = (oid(f"1.2.840.113549.1.12.10.1.{n}") for n in (1, 2, 3))
_PBE = oid("1.2.840.113549.1.12.1")
_PBKDF2, _PBES2, _PBMAC1 = (oid(f"1.2.840.113549.1.5.{n}") for n in (12, 13, 14))
_PBES1 = oid("1.2.840.113549.1.5")  # and its numbers 1 to 11
_SCRYPT = oid("1.3.6.1.4.1.11591.4.11")
_BEGINNING = b"\x02\x01\x03\x30"  # version 3, and a sequence
_ALGORITHMS = 30_000  # bytes: no honest description of an algorithm is longer


class _Scales:
    """Adds up what opening would cost. Raises FileRefused."""

    def __init__(self) -> None:
        self.iterations = 0

    def rounds(self, iterations: int) -> None:
        self.iterations += max(iterations, 0)
        if self.iterations > MOST_ITERATIONS:
            raise FileRefused("kdf_too_costly")

    def scrypt(self, numbers: Iterator[int]) -> None:
        """N, block size, parallelization; perhaps a key length behind them."""
        cost, block, parallel, *_ = [*numbers, 1, 1, 1]
        memory = 128 * cost * block
        if memory > MOST_SCRYPT_MEMORY or memory * parallel > MOST_SCRYPT_WORK:
            raise FileRefused("kdf_too_costly")


@dataclass(frozen=True)
class Outline:
    """What stands in the open: how many bags with keys and with certificates."""

    keys: int
    certificates: int


def outline(data: bytes) -> Outline:
    """Raises FileRefused: empty, too_large, is_pem, is_cert, is_p7b, not_pkcs12, kdf_too_costly, unsupported."""
    if not data:
        raise FileRefused("empty")
    if len(data) >= LARGEST_FILE:
        raise FileRefused("too_large")
    head = data[:4096].replace(b"\0", b"")  # editors on Windows write two bytes for each letter
    if b"-----BEGIN " in head:
        raise FileRefused("is_p7b" if b"-----BEGIN PKCS7" in head else "is_pem")
    reader = Reader(data)
    try:
        whole = reader.element(0, len(data))
        parts = list(reader.children(whole)) if whole.tag == SEQUENCE else []
        _refuse_others(reader, parts)
        return _pfx(reader, parts)
    except Unreadable:
        began_well = data[:1] == bytes([SEQUENCE]) and _BEGINNING in data[:12]
        raise FileRefused("bad_password_or_damaged" if began_well else "not_pkcs12") from None


def _refuse_others(reader: Reader, parts: list[Element]) -> None:
    """Raises FileRefused for what people take for a .pfx file."""
    if not parts:
        raise FileRefused("not_pkcs12")
    first = parts[0]
    if first.tag == OID:
        raise FileRefused("is_p7b" if reader.content(first) == _SIGNED else "not_pkcs12")
    if first.tag == SEQUENCE and [part.tag for part in parts[1:]] == [SEQUENCE, BIT_STRING]:
        # A certificate begins with its version; a request for one has its version as a plain number.
        inner = [part.tag for part in reader.children(first)]
        raise FileRefused("is_cert" if inner[:1] == [0xA0] or len(inner) >= 6 else "not_pkcs12")
    if first.tag != INTEGER or reader.integer(first) != 3 or len(parts) < 2 or parts[1].tag != SEQUENCE:
        raise FileRefused("not_pkcs12")


def _pfx(reader: Reader, parts: list[Element]) -> Outline:
    kind, *content = _some(reader, parts[1])
    if kind.tag != OID:
        raise FileRefused("not_pkcs12")
    if reader.content(kind) != _DATA:  # signed with a public key, which nothing that people use makes
        raise FileRefused("unsupported" if reader.content(kind) == _SIGNED else "not_pkcs12")
    scales = _Scales()
    if len(parts) > 2:
        _weigh_mac(reader, parts[2], scales)
    if not content:
        raise FileRefused("not_pkcs12")
    safes = Reader(_explicit(reader, content[0]))
    found = [_safe(safes, info, scales) for info in safes.children(safes.element(0, len(safes.data)))]
    return Outline(sum(keys for keys, _ in found), sum(certificates for _, certificates in found))


def _explicit(reader: Reader, tagged: Element) -> bytes:
    """The octets inside `[0] EXPLICIT OCTET STRING`."""
    inner = _first(reader, tagged)
    if inner.tag & ~CONSTRUCTED != OCTET_STRING:
        raise Unreadable
    return reader.content(inner)


def _some(reader: Reader, parent: Element) -> list[Element]:
    """What is inside, at least one element. Raises Unreadable."""
    if children := list(reader.children(parent)):
        return children
    raise Unreadable


def _first(reader: Reader, parent: Element) -> Element:
    return _some(reader, parent)[0]


def _weigh_mac(reader: Reader, mac: Element, scales: _Scales) -> None:
    """MacData: a digest with its algorithm, a salt and a number of iterations (1 if there is none)."""
    digest, *rest = _some(reader, mac)
    iterations = rest[1:]
    if iterations and iterations[0].tag == INTEGER:
        scales.rounds(reader.integer(iterations[0]))
    _weigh_algorithm(reader, _first(reader, digest), scales)


def _safe(reader: Reader, info: Element, scales: _Scales) -> tuple[int, int]:
    """Bags with keys and with certificates in one part of the file; an encrypted part shows neither."""
    kind, *content = _some(reader, info)
    name = reader.content(kind)
    if name == _ENVELOPED:  # for a user's or a group's own key, as Windows does without a password
        raise FileRefused("unsupported")
    if name == _ENCRYPTED and content:
        _weigh_encrypted(reader, content[0], scales)
    if name != _DATA or not content:
        return 0, 0
    bags = Reader(_explicit(reader, content[0]))
    kinds = [_bag(bags, bag, scales) for bag in bags.children(bags.element(0, len(bags.data)))]
    return sum(kind in (_KEY_BAG, _SHROUDED_BAG) for kind in kinds), kinds.count(_CERT_BAG)


def _bag(reader: Reader, bag: Element, scales: _Scales) -> bytes:
    kind, *value = _some(reader, bag)
    name = reader.content(kind)
    if name == _SHROUDED_BAG and value:
        info = _first(reader, value[0])
        _weigh_algorithm(reader, _first(reader, info), scales)
    return name


def _weigh_encrypted(reader: Reader, tagged: Element, scales: _Scales) -> None:
    """EncryptedData: a version, then what is encrypted, with its kind and its algorithm."""
    data = _first(reader, tagged)
    inner = [child for child in reader.children(data) if child.tag == SEQUENCE]
    for algorithm in [
        child for part in inner[:1] for child in reader.children(part) if child.tag == SEQUENCE
    ]:
        _weigh_algorithm(reader, algorithm, scales)


def _weigh_algorithm(reader: Reader, algorithm: Element, scales: _Scales, depth: int = 0) -> None:
    """Costs of one algorithm and of those inside its parameters. Raises FileRefused, Unreadable."""
    if depth > 4 or algorithm.end - algorithm.start > _ALGORITHMS:
        raise Unreadable
    children = list(reader.children(algorithm))
    if not children or children[0].tag != OID:
        return
    name, parameters = reader.content(children[0]), children[1:]
    if not parameters or parameters[0].tag != SEQUENCE:
        return
    values = list(reader.children(parameters[0]))
    if name in (_PBES2, _PBMAC1):
        for inner in values:
            if inner.tag == SEQUENCE:
                _weigh_algorithm(reader, inner, scales, depth + 1)
    elif name == _SCRYPT:
        scales.scrypt(_numbers(reader, values))
    elif name == _PBKDF2 or name.startswith((_PBE, _PBES1)):
        for number in _numbers(reader, values):
            scales.rounds(number)


def _numbers(reader: Reader, elements: list[Element]) -> Iterator[int]:
    return (reader.integer(element) for element in elements if element.tag == INTEGER)

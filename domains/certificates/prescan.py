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
MOST_ITERATIONS = 5_000_000
MOST_SCRYPT_MEMORY = 128 * 1024 * 1024  # bytes
MOST_SCRYPT_WORK = 1024 * 1024 * 1024  # bytes moved: memory times parallelization

_DATA, _SIGNED, _ENVELOPED, _ENCRYPTED = (oid(f"1.2.840.113549.1.7.{n}") for n in (1, 2, 3, 6))
_KEY_BAG, _SHROUDED_BAG, _CERT_BAG = (oid(f"1.2.840.113549.1.12.10.1.{n}") for n in (1, 2, 3))
_PBE = oid("1.2.840.113549.1.12.1")
_PBKDF2, _PBES2, _PBMAC1 = (oid(f"1.2.840.113549.1.5.{n}") for n in (12, 13, 14))
_PBES1 = oid("1.2.840.113549.1.5")  # and its numbers 1 to 11
_SCRYPT = oid("1.3.6.1.4.1.11591.4.11")
_ALGORITHMS = 30_000  # bytes: no honest description of an algorithm is longer


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
    if b"-----BEGIN " in data[:4096] or b"-\0-\0-\0B\0E\0G\0I\0N\0" in data[:4096]:
        raise FileRefused("is_pem")
    reader = Reader(data)
    try:
        whole = reader.element(0, len(data))
        parts = list(reader.children(whole)) if whole.tag == SEQUENCE else []
        _refuse_others(reader, parts)
        return _pfx(reader, parts)
    except Unreadable:
        raise FileRefused("not_pkcs12") from None


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
    kind, *content = reader.children(parts[1])
    if kind.tag != OID:
        raise FileRefused("not_pkcs12")
    if reader.content(kind) != _DATA:  # signed with a public key, which nothing that people use makes
        raise FileRefused("unsupported" if reader.content(kind) == _SIGNED else "not_pkcs12")
    if len(parts) > 2:
        _weigh_mac(reader, parts[2])
    if not content:
        raise FileRefused("not_pkcs12")
    safes = Reader(_explicit(reader, content[0]))
    found = [_safe(safes, info) for info in safes.children(safes.element(0, len(safes.data)))]
    return Outline(sum(keys for keys, _ in found), sum(certificates for _, certificates in found))


def _explicit(reader: Reader, tagged: Element) -> bytes:
    """The octets inside `[0] EXPLICIT OCTET STRING`."""
    inner = next(iter(reader.children(tagged)), None)
    if inner is None or inner.tag & ~CONSTRUCTED != OCTET_STRING:
        raise Unreadable
    return reader.content(inner)


def _weigh_mac(reader: Reader, mac: Element) -> None:
    """MacData: a digest with its algorithm, a salt and a number of iterations (1 if there is none)."""
    digest, _, *iterations = reader.children(mac)
    if iterations and iterations[0].tag == INTEGER:
        _weigh(reader.integer(iterations[0]))
    _weigh_algorithm(reader, next(iter(reader.children(digest))))


def _safe(reader: Reader, info: Element) -> tuple[int, int]:
    """Bags with keys and with certificates in one part of the file; an encrypted part shows neither."""
    kind, *content = reader.children(info)
    name = reader.content(kind)
    if name == _ENVELOPED:  # for a user's or a group's own key, as Windows does without a password
        raise FileRefused("unsupported")
    if name == _ENCRYPTED and content:
        _weigh_encrypted(reader, content[0])
    if name != _DATA or not content:
        return 0, 0
    bags = Reader(_explicit(reader, content[0]))
    kinds = [_bag(bags, bag) for bag in bags.children(bags.element(0, len(bags.data)))]
    return sum(kind in (_KEY_BAG, _SHROUDED_BAG) for kind in kinds), kinds.count(_CERT_BAG)


def _bag(reader: Reader, bag: Element) -> bytes:
    kind, value, *_ = reader.children(bag)
    name = reader.content(kind)
    if name == _SHROUDED_BAG:
        info = next(iter(reader.children(value)))
        _weigh_algorithm(reader, next(iter(reader.children(info))))
    return name


def _weigh_encrypted(reader: Reader, tagged: Element) -> None:
    """EncryptedData: a version, then what is encrypted, with its kind and its algorithm."""
    data = next(iter(reader.children(tagged)))
    inner = [child for child in reader.children(data) if child.tag == SEQUENCE]
    for algorithm in [
        child for part in inner[:1] for child in reader.children(part) if child.tag == SEQUENCE
    ]:
        _weigh_algorithm(reader, algorithm)


def _weigh_algorithm(reader: Reader, algorithm: Element, depth: int = 0) -> None:
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
                _weigh_algorithm(reader, inner, depth + 1)
    elif name == _SCRYPT:
        _weigh_scrypt(_numbers(reader, values))
    elif name == _PBKDF2 or name.startswith((_PBE, _PBES1)):
        for number in _numbers(reader, values):
            _weigh(number)


def _numbers(reader: Reader, elements: list[Element]) -> Iterator[int]:
    return (reader.integer(element) for element in elements if element.tag == INTEGER)


def _weigh(iterations: int) -> None:
    if iterations > MOST_ITERATIONS:
        raise FileRefused("kdf_too_costly")


def _weigh_scrypt(numbers: Iterator[int]) -> None:
    """N, block size, parallelization; perhaps a key length behind them."""
    cost, block, parallel, *_ = [*numbers, 1, 1, 1]
    memory = 128 * cost * block
    if memory > MOST_SCRYPT_MEMORY or memory * parallel > MOST_SCRYPT_WORK:
        raise FileRefused("kdf_too_costly")

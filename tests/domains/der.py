"""Writes ASN.1 (DER) by hand, for .pfx files that no honest program makes."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from domains.certificates import asn1

PBKDF2, PBES2, PBMAC1 = "1.2.840.113549.1.5.12", "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.14"
PBE_3DES = "1.2.840.113549.1.12.1.3"
SCRYPT = "1.3.6.1.4.1.11591.4.11"
HMAC_SHA256, SHA256, AES256 = "1.2.840.113549.2.9", "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.1.42"
DATA, SIGNED, ENVELOPED, ENCRYPTED = (f"1.2.840.113549.1.7.{n}" for n in (1, 2, 3, 6))
KEY_BAG, SHROUDED_BAG, CERT_BAG = (f"1.2.840.113549.1.12.10.1.{n}" for n in (1, 2, 3))
X509_CERTIFICATE = "1.2.840.113549.1.9.22.1"
NULL = b"\x05\x00"


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def until_end(tag: int, *parts: bytes) -> bytes:
    """With an indefinite length, as BER allows."""
    return bytes([tag, 0x80]) + b"".join(parts) + b"\0\0"


def seq(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def octets(content: bytes) -> bytes:
    return tlv(0x04, content)


def number(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    return tlv(0x06, asn1.oid(dotted))


def explicit(content: bytes, tag: int = 0xA0) -> bytes:
    return tlv(tag, content)


def pbkdf2(salt: bytes, iterations: int) -> bytes:
    return seq(oid(PBKDF2), seq(octets(salt), number(iterations), seq(oid(HMAC_SHA256), NULL)))


def scrypt(salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return seq(oid(SCRYPT), seq(octets(salt), number(cost), number(block), number(parallel)))


def pbes2(kdf: bytes, iv: bytes, cipher: str = AES256) -> bytes:
    return seq(oid(PBES2), seq(kdf, seq(oid(cipher), octets(iv))))


def encrypted(content: bytes, password: str, *, iterations: int = 2048) -> tuple[bytes, bytes]:
    """Algorithm and ciphertext (PBES2 with PBKDF2 and AES-256)."""
    salt, iv = os.urandom(16), os.urandom(16)
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, iterations).derive(password.encode())
    return pbes2(pbkdf2(salt, iterations), iv), _aes(key, iv, content)


def scrypted(content: bytes, password: str, *, cost: int = 1024) -> tuple[bytes, bytes]:
    """The same with scrypt."""
    salt, iv = os.urandom(16), os.urandom(16)
    key = Scrypt(salt, 32, cost, 8, 1).derive(password.encode())
    return pbes2(scrypt(salt, cost, 8, 1), iv), _aes(key, iv, content)


def _aes(key: bytes, iv: bytes, content: bytes) -> bytes:
    pad = 16 - len(content) % 16
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return cipher.update(content + bytes([pad]) * pad) + cipher.finalize()


def key_bag(pkcs8: bytes) -> bytes:
    return seq(oid(KEY_BAG), explicit(pkcs8))


def shrouded_bag(algorithm: bytes, ciphertext: bytes) -> bytes:
    return seq(oid(SHROUDED_BAG), explicit(seq(algorithm, octets(ciphertext))))


def cert_bag(der: bytes) -> bytes:
    return seq(oid(CERT_BAG), explicit(seq(oid(X509_CERTIFICATE), explicit(octets(der)))))


def data_info(*bags: bytes) -> bytes:
    """A part of the file whose bags stand in the open."""
    return seq(oid(DATA), explicit(octets(seq(*bags))))


def encrypted_info(algorithm: bytes, ciphertext: bytes) -> bytes:
    """A part of the file that is encrypted as a whole."""
    inner = seq(oid(DATA), algorithm, tlv(0x80, ciphertext))
    return seq(oid(ENCRYPTED), explicit(seq(number(0), inner)))


def pfx(*infos: bytes, mac: bytes = b"") -> bytes:
    return seq(number(3), seq(oid(DATA), explicit(octets(seq(*infos)))), mac)


def mac_data(digest: bytes, salt: bytes, iterations: int, algorithm: bytes = seq(oid(SHA256), NULL)) -> bytes:
    return seq(seq(algorithm, octets(digest)), octets(salt), number(iterations))


def pbmac1(content: bytes, password: str, *, iterations: int = 2048, stated: int | None = None) -> bytes:
    """MacData of RFC 9579 over the parts of a file (`seq(*infos)`); `stated` is an iteration count that lies."""
    salt = os.urandom(16)
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, iterations).derive(password.encode())
    code = hmac.HMAC(key, hashes.SHA256())
    code.update(content)
    count = number(iterations if stated is None else stated)
    kdf = seq(oid(PBKDF2), seq(octets(salt), count, number(32), seq(oid(HMAC_SHA256), NULL)))
    algorithm = seq(oid(PBMAC1), seq(kdf, seq(oid(HMAC_SHA256), NULL)))
    return mac_data(code.finalize(), b"ignored", 1, algorithm)


def indefinite(der: bytes) -> bytes:
    """The same element with an indefinite length."""
    element = asn1.Reader(der).element(0, len(der))
    return until_end(element.tag, der[element.start : element.end])

"""A corpus of .pfx files: every shape that people upload and every defect, each with what must come of it.

    python -m tests.domains.corpus FOLDER

writes the files there. They are made by OpenSSL (modern and legacy), Java's keytool if there is one, `cryptography`,
and by hand where no honest program makes them.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.hazmat.primitives.serialization import pkcs7 as pkcs7_format
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.domains import der
from tests.domains.authority import DAY, NOW, SERVER, Issued, PrivateKey, authority, elliptic, make

HOST = "support.fabrikam.shop"
SECRET = "secret"
BOMB = 2**31 - 1
KNOWN = ("unknown_root",)  # what is said of the authority of these tests when its root is not in the file
OWN = ("untrusted_root",)  # and when it is
PBES = pkcs12.PBES
RSA_8192 = Path(__file__).with_name("rsa-8192.pem")  # made once, since making one takes a minute


@dataclass(frozen=True)
class Case:
    """One file. `code`: of its refusal, "" if it is accepted; `warnings`: codes of what is said of it then."""

    name: str
    data: bytes
    password: str
    code: str = ""
    warnings: tuple[str, ...] = ()
    names: tuple[str, ...] = (HOST,)
    served: int = 2  # certificates in the chain that is served


class Makers:
    """The certificates that the files are made of, and the programs that make them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = authority()
        self.middle = self.root.issue(
            "Contoso Test Intermediate", ca=True, usages=None, ends=NOW + 1000 * DAY
        )
        self.leaf = self.middle.issue(HOST, [HOST])
        rsa_key = rsa.generate_private_key(65537, 2048)
        self.rsa = self.middle.issue(HOST, [HOST], key=rsa_key)
        self.chain = [self.middle.certificate]

    def run(self, *command: object) -> None:
        subprocess.run(
            [str(part) for part in command], check=True, cwd=self.folder, capture_output=True, timeout=60
        )

    def openssl(
        self, *options: str, password: str = SECRET, issued: Issued | None = None, chain: bool = True
    ) -> bytes:
        """What `openssl pkcs12 -export` makes of a certificate."""
        issued = issued or self.rsa
        key, certificates, out = (self.folder / name for name in ("key.pem", "chain.pem", "out.pfx"))
        key.write_bytes(pem_key(issued.key))
        certificates.write_bytes(pem(issued.certificate, *(self.chain if chain else [])))
        (self.folder / "password").write_bytes(password.encode() + b"\n")
        out.unlink(missing_ok=True)
        command = ["openssl", "pkcs12", "-export", "-inkey", key, "-in", certificates, "-out", out]
        self.run(*command, "-passout", f"file:{self.folder / 'password'}", *options)
        return out.read_bytes()

    def packed(
        self,
        issued: Issued | None = None,
        others: list[x509.Certificate] | None = None,
        *,
        password: str = SECRET,
        encryption: serialization.KeySerializationEncryption | None = None,
        name: bytes | None = None,
    ) -> bytes:
        """What `cryptography` makes of it."""
        issued = issued or self.leaf
        how = encryption or serialization.BestAvailableEncryption(password.encode())
        key: PrivateKey | None = issued.key
        chain = self.chain if others is None else others
        return pkcs12.serialize_key_and_certificates(name, key, issued.certificate, chain, how)

    def keytool(self, *options: str, password: str = SECRET, legacy: bool = False) -> bytes:
        """What Java makes: keys, a request that the authority answers, and the answer imported."""
        store = self.folder / "java.p12"
        store.unlink(missing_ok=True)
        tool = ["keytool", *(["-J-Dkeystore.pkcs12.legacy"] if legacy else [])]
        common = ["-keystore", str(store), "-storetype", "PKCS12", "-storepass", password, "-alias", "portal"]
        self.run(*tool, "-genkeypair", *common, "-dname", f"CN={HOST}", *options)
        self.run(*tool, "-certreq", *common, "-file", "java.csr")
        request = x509.load_pem_x509_csr((self.folder / "java.csr").read_bytes())
        answer = answered(request, self.middle)
        (self.folder / "reply.pem").write_bytes(pem(answer, self.middle.certificate, self.root.certificate))
        self.run(*tool, "-importcert", "-noprompt", *common, "-file", "reply.pem")
        return store.read_bytes()

    def aliases(self) -> bytes:
        """A keystore of Java's with more than anybody needs: two keys, a secret one, and a trusted certificate."""
        self.keytool("-keyalg", "EC", "-groupname", "secp256r1")
        common = ["-keystore", "java.p12", "-storetype", "PKCS12", "-storepass", SECRET]
        self.run(
            "keytool", "-genkeypair", *common, "-alias", "z", "-keyalg", "EC", "-dname", "CN=another.example"
        )
        self.run("keytool", "-genseckey", *common, "-alias", "aes", "-keyalg", "AES", "-keysize", "256")
        (self.folder / "stranger.pem").write_bytes(pem(authority("Stranger").certificate))
        self.run("keytool", "-importcert", "-noprompt", *common, "-alias", "t", "-file", "stranger.pem")
        return (self.folder / "java.p12").read_bytes()

    def signed_by_openssl(
        self,
        digest: str,
        *,
        bits: int = 2048,
        issuer: bool = True,
        kind: str = "",
        names: str = f"DNS:{HOST}",
        serial: str = "",
    ) -> tuple[bytes, bytes]:
        """Key and certificate (PEM) with a hash, a key or a name that `cryptography` makes no more."""
        key, out, extensions = (self.folder / name for name in ("weak.key", "weak.pem", "weak.ext"))
        if kind == "dsa":
            self.run("openssl", "dsaparam", "-genkey", "-noout", "-out", key, "2048")
        elif kind == "rsa-pss":
            self.run("openssl", "genpkey", "-algorithm", "RSA-PSS", "-out", key)
        elif kind:
            self.run("openssl", "ecparam", "-name", kind, "-genkey", "-noout", "-out", key)
        else:
            self.run("openssl", "genrsa", "-out", key, str(bits))
        self.run("openssl", "req", "-new", "-key", key, "-subj", f"/CN={HOST}", "-out", "weak.csr")
        extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        (self.folder / "ca.pem").write_bytes(pem(self.middle.certificate))
        (self.folder / "ca.key").write_bytes(pem_key(self.middle.key))
        by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"] if issuer else ["-signkey", str(key)]
        by += ["-set_serial", serial] if serial else []
        command = ["openssl", "x509", "-req", "-in", "weak.csr", f"-{digest}", "-days", "60", *by]
        self.run(*command, "-extfile", extensions, "-out", out)
        return key.read_bytes(), out.read_bytes()

    def weak(self, digest: str = "sha256", *, issuer: bool = True, **options: Any) -> bytes:
        """The same as a .pfx file by OpenSSL."""
        key, certificate = self.signed_by_openssl(digest, issuer=issuer, **options)
        (self.folder / "key.pem").write_bytes(key)
        (self.folder / "chain.pem").write_bytes(certificate + (pem(*self.chain) if issuer else b""))
        command = [
            "openssl",
            "pkcs12",
            "-export",
            "-inkey",
            "key.pem",
            "-in",
            "chain.pem",
            "-out",
            "weak.pfx",
        ]
        self.run(*command, "-passout", "pass:secret")
        return (self.folder / "weak.pfx").read_bytes()


def packed(issued: Issued, others: list[x509.Certificate], password: str) -> bytes:
    """A .pfx file by `cryptography`, with its usual settings."""
    how = serialization.BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(None, issued.key, issued.certificate, others, how)


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def pem_key(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def der_key(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def der_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def answered(request: x509.CertificateSigningRequest, issuer: Issued) -> x509.Certificate:
    """A certificate for a request, as an authority issues it."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(request.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + 90 * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage(list(SERVER)), critical=False)
    )
    return builder.sign(issuer.key, hashes.SHA256())


def builder(encryption: pkcs12.PBES, mac: hashes.HashAlgorithm, rounds: int, password: str) -> object:
    return (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(rounds)
        .key_cert_algorithm(encryption)
        .hmac_hash(mac)
        .build(password.encode())
    )


def openssl_files(m: Makers) -> Iterator[Case]:
    legacy = ["-legacy"]
    microsoft = ["-CSP", "Microsoft Enhanced RSA and AES Cryptographic Provider", "-LMK", "-keyex"]
    microsoft += ["-name", "{5F6C1B0E-9C1D-4C1B-8F3E-2F0E6C1B7A55}", "-iter", "2000", "-maciter"]
    triple = ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"]
    aes = ["-keypbe", "AES-256-CBC", "-certpbe", "AES-256-CBC", "-macalg", "SHA256"]
    for name, options in {
        "modern": [],
        "legacy-rc2-40": legacy,
        "legacy-3des": [*legacy, "-descert"],
        "legacy-rc4": [*legacy, "-keypbe", "PBE-SHA1-RC4-128", "-certpbe", "PBE-SHA1-RC4-128"],
        "aes-128": ["-keypbe", "AES-128-CBC", "-certpbe", "AES-128-CBC"],
        "unencrypted": ["-keypbe", "NONE", "-certpbe", "NONE"],
        "certificates-in-the-open": ["-certpbe", "NONE"],
        "mac-sha512": ["-macalg", "SHA512"],
        "no-mac": ["-nomac"],
        "iterations-600000": ["-iter", "600000"],
        "windows-tripledes-sha1": [*legacy, *triple, "-macalg", "SHA1", *microsoft],
        "windows-aes256-sha256": [*aes, *microsoft],
        "friendly-name": ["-name", "Zertifikat für Öffnungszeiten ✓"],
    }.items():
        yield Case(f"openssl-{name}", m.openssl(*options), "secret", warnings=KNOWN, served=2)
    for name, password in {
        "empty": "",
        "blanks-at-both-ends": " secret ",
        "umlauts": "pässwörd",
        "beyond-the-bmp": "clé🔑ключ",
        "quotes": "a\"b'c$d\\e",
        "long": "x" * 300,
    }.items():
        for kind, options in {"modern": [], "legacy": [*legacy, *triple]}.items():
            file = m.openssl(*options, password=password)
            yield Case(f"password-{name}-{kind}", file, password, warnings=KNOWN)


def other_programs(m: Makers) -> Iterator[Case]:
    if shutil.which("keytool"):
        key = ["-keyalg", "RSA", "-keysize", "2048"]
        yield Case("java-rsa", m.keytool(*key), "secret", warnings=OWN)
        yield Case("java-legacy", m.keytool(*key, legacy=True), "secret", warnings=OWN)
        yield Case("java-ec", m.keytool("-keyalg", "EC", "-groupname", "secp256r1"), "secret", warnings=OWN)
        yield Case("java-two-aliases", m.aliases(), "secret", warnings=(*OWN, "two_keys"))
    for name, encryption, mac in (
        ("3des", PBES.PBESv1SHA1And3KeyTripleDESCBC, hashes.SHA1()),  # noqa: S303 - as Windows does
        ("aes", PBES.PBESv2SHA256AndAES256CBC, hashes.SHA256()),
    ):
        how = builder(encryption, mac, 2000, "secret")
        yield Case(f"python-{name}", m.packed(encryption=how), "secret", warnings=KNOWN)  # type: ignore[arg-type]
    yield Case("python-none", m.packed(encryption=NoEncryption()), "", warnings=KNOWN)
    misread = "pässwörd".encode().decode("latin-1")  # as OpenSSL before 1.1 read UTF-8
    yield Case("old-openssl-umlauts", m.packed(password=misread), "pässwörd", warnings=KNOWN)
    yield Case("latin-1-password", m.packed(password="pässwörd"), "pässwörd", warnings=KNOWN)


def by_hand(m: Makers) -> Iterator[Case]:
    """Honest, but of shapes that the programs here do not make."""
    bags = [der.cert_bag(der_of(c)) for c in (m.leaf.certificate, *m.chain)]
    key = der.key_bag(der_key(m.leaf.key))
    infos = [der.data_info(key), der.encrypted_info(*der.encrypted(der.seq(*bags), "secret"))]
    yield Case("pbmac1", der.pfx(*infos, mac=der.pbmac1(der.seq(*infos), "secret")), "secret", warnings=KNOWN)
    hidden = der.encrypted_info(*der.encrypted(der.seq(key, *bags), "secret"))
    yield Case("everything-in-one-encrypted-part", der.pfx(hidden), "secret", warnings=KNOWN)
    scrypted = der.encrypted_info(*der.scrypted(der.seq(*bags), "secret"))
    yield Case("scrypt", der.pfx(der.data_info(key), scrypted), "secret", warnings=KNOWN)
    yield Case("indefinite-length", der.indefinite(m.openssl()), "secret", warnings=KNOWN)
    yield Case("everything-in-pieces", in_pieces(key, bags), "secret", warnings=KNOWN)
    second = der.key_bag(der_key(elliptic()))
    both = der.pfx(der.data_info(key, second), infos[1])
    yield Case("two-keys", both, "secret", warnings=("unknown_root", "two_keys"))
    bags_of_twenty = [*bags, *[der.cert_bag(der_of(make(f"Stranger {n}").certificate)) for n in range(18)]]
    twenty = der.pfx(der.data_info(key, *bags_of_twenty))
    yield Case("twenty-certificates", twenty, "", warnings=KNOWN)


def in_pieces(key: bytes, bags: list[bytes]) -> bytes:
    """As older versions of Bouncy Castle write: lengths that are told at the end, strings in pieces."""

    def pieces(content: bytes) -> list[bytes]:
        return [der.octets(content[at : at + 300]) for at in range(0, len(content), 300)]

    def part(kind: str, *content: bytes) -> bytes:
        return der.until_end(0x30, der.oid(kind), der.until_end(0xA0, *content))

    algorithm, ciphertext = der.encrypted(der.seq(*bags), "secret")
    inner = der.until_end(0x30, der.oid(der.DATA), algorithm, der.until_end(0xA0, *pieces(ciphertext)))
    safes = (
        part(der.DATA, der.until_end(0x24, *pieces(der.seq(key)))),
        part(der.ENCRYPTED, der.until_end(0x30, der.number(0), inner)),
    )
    whole = part(der.DATA, der.until_end(0x24, *pieces(der.until_end(0x30, *safes))))
    return der.until_end(0x30, der.number(3), whole)


def shapes(m: Makers) -> Iterator[Case]:
    """What is in the file: chains in any order, old certificates, other keys and names."""
    lower = m.middle.issue("Contoso Test Issuing CA 2", ca=True, usages=None)
    deep = lower.issue(HOST, [HOST])
    everything = [m.root.certificate, lower.certificate, m.middle.certificate]
    everything += [authority(f"Stranger {n}").certificate for n in range(3)]
    random.Random(7).shuffle(everything)  # noqa: S311 - an order, no secret
    yield Case("chain-in-any-order", m.packed(deep, everything), "secret", warnings=OWN, served=3)
    old = m.middle.issue(HOST, [HOST], key=m.leaf.key, begins=NOW - 200 * DAY, ends=NOW - DAY)
    renewed = m.packed(old, [m.leaf.certificate, *m.chain])
    yield Case("old-beside-its-renewal", renewed, "secret", warnings=KNOWN)
    cross_old = make("Contoso Test Intermediate", ca=True, usages=None, key=m.middle.key, issuer=m.root,
                     begins=NOW - 300 * DAY, ends=NOW - DAY)  # fmt: skip
    yield Case("expired-twin-of-the-intermediate", m.packed(m.leaf, [cross_old.certificate, *m.chain]), "secret",
               warnings=KNOWN)  # fmt: skip
    own_leaf = m.root.issue("Not An Authority", ["na.example"])
    yield Case("issuer-that-is-no-authority", m.packed(own_leaf.issue(HOST, [HOST]), [own_leaf.certificate]),
               "secret", warnings=("incomplete_chain",), served=1)  # fmt: skip
    yield Case(
        "without-intermediate", m.packed(m.leaf, []), "secret", warnings=("incomplete_chain",), served=1
    )
    own = make(HOST, [HOST])
    yield Case("self-signed", m.packed(own, []), "secret", warnings=("self_signed",), served=1)
    own = make(HOST, [HOST], ca=True, usages=None)
    said = ("self_signed", "is_ca", "no_eku")
    yield Case("self-signed-authority", m.packed(own, []), "secret", warnings=said, served=1)
    yield Case("sha1-root", m.packed(*sha1_root(m)), "secret", warnings=OWN, served=1)
    keys: dict[str, PrivateKey] = {
        "p384": ec.generate_private_key(ec.SECP384R1()),
        "p521": ec.generate_private_key(ec.SECP521R1()),
        "rsa-4096": rsa.generate_private_key(65537, 4096),
        "rsa-8192": serialization.load_pem_private_key(RSA_8192.read_bytes(), None),  # type: ignore[dict-item]
    }
    for name, key in keys.items():
        warned = ("p521",) if name == "p521" else ()
        yield Case(
            name, m.packed(m.middle.issue(HOST, [HOST], key=key)), "secret", warnings=(*KNOWN, *warned)
        )
    wild = ("*.fabrikam.shop", "fabrikam.shop")
    yield Case("wildcard", m.packed(m.middle.issue("Fabrikam", wild)), "secret", warnings=KNOWN, names=wild)
    yield Case(
        "zero-in-its-name", m.packed(m.middle.issue("support\0evil", [HOST])), "secret", warnings=KNOWN
    )
    both = m.weak(names=f"DNS:{HOST},IP:192.0.2.7,URI:https://a.example/,email:a@a.example")
    yield Case("names-of-other-kinds-too", both, "secret", warnings=KNOWN)
    idn = ("xn--bcher-kva.example",)
    yield Case(
        "letters-of-other-languages", m.packed(m.middle.issue("x", idn)), "secret", warnings=KNOWN, names=idn
    )
    foreign = m.middle.issue(HOST, [HOST], usages=None)
    yield Case("no-purposes", m.packed(foreign), "secret", warnings=("unknown_root", "no_eku"))


def sha1_root(m: Makers) -> tuple[Issued, list[x509.Certificate]]:
    """A leaf directly below a root that is signed with SHA-1, which nobody checks."""
    key, certificate = (m.folder / "sha1-root.key", m.folder / "sha1-root.pem")
    m.run("openssl", "genrsa", "-out", key, "2048")
    command = ["openssl", "req", "-x509", "-sha1", "-key", key, "-subj", "/CN=Old Root", "-days", "900"]
    m.run(*command, "-out", certificate)
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    root = Issued(x509.load_pem_x509_certificate(certificate.read_bytes()), private)  # type: ignore[arg-type]
    return root.issue(HOST, [HOST]), [root.certificate]


def no_pfx_files(m: Makers) -> Iterator[Case]:
    certificate, key = m.leaf.certificate, m.leaf.key
    yield Case("empty", b"", "secret", "empty")
    yield Case("too-large", m.openssl() + bytes(2 * 1024 * 1024), "secret", "too_large")
    yield Case("pem", pem_key(key) + pem(certificate), "secret", "is_pem")
    yield Case("pem-with-blank-lines", b"\r\n\r\n" + pem(certificate), "secret", "is_pem")
    yield Case("pem-of-two-byte-letters", pem(certificate).decode().encode("utf-16"), "secret", "is_pem")
    yield Case("certificate", der_of(certificate), "secret", "is_cert")
    bundle = pkcs7([certificate, *m.chain], Encoding.DER)
    yield Case("p7b", bundle, "secret", "is_p7b")
    yield Case("p7b-as-text", pkcs7([certificate], Encoding.PEM), "secret", "is_p7b")
    yield Case("key-alone", der_key(key), "secret", "not_pkcs12")
    yield Case("java-keystore", b"\xfe\xed\xfe\xed\0\0\0\2" + os.urandom(900), "secret", "not_pkcs12")
    yield Case("zip", b"PK\x03\x04" + os.urandom(900), "secret", "not_pkcs12")
    yield Case("text", b"dear certificate team, " * 40, "secret", "not_pkcs12")
    yield Case("one-byte", b"0", "secret", "not_pkcs12")
    yield Case("deep-nesting", b"\x30\x80" * 500_000, "secret", "not_pkcs12")
    nested = b"x"
    for _ in range(5000):
        nested = der.tlv(0x24, nested)
    deep = der.seq(der.number(3), der.seq(der.oid(der.DATA), der.explicit(nested)))
    yield Case("deep-strings", deep, "secret", "bad_password_or_damaged")
    yield Case("many-elements", der.seq(b"\x05\x00" * 900_000), "secret", "not_pkcs12")
    yield Case("length-beyond-everything", b"\x30\x84\xff\xff\xff\xff\x02\x01\x02", "secret", "not_pkcs12")
    yield Case("other-version", der.seq(der.number(4), der.seq(der.oid(der.DATA))), "secret", "not_pkcs12")
    yield Case("signed-as-a-whole", der.seq(der.number(3), der.seq(der.oid(der.SIGNED), der.explicit(der.seq()))),
               "secret", "unsupported")  # fmt: skip
    group = der.seq(der.oid(der.ENVELOPED), der.explicit(der.seq(der.number(0))))
    yield Case("for-a-group-of-users", der.pfx(group), "secret", "unsupported")


def pkcs7(certificates: list[x509.Certificate], encoding: Encoding) -> bytes:
    return pkcs7_format.serialize_certificates(certificates, encoding)


def damaged(m: Makers) -> Iterator[Case]:
    whole, code = m.openssl(), "bad_password_or_damaged"
    yield Case("wrong-password", whole, "Secret", code)
    yield Case("password-with-a-blank-more", whole, "secret ", code)
    yield Case("no-password-given", whole, "", code)
    yield Case("password-too-long", whole, "x" * 600, "password_too_long")
    for where in (len(whole) // 3, len(whole) // 2):
        changed = bytearray(whole)
        changed[where] ^= 0x55
        yield Case(f"changed-at-{where}", bytes(changed), "secret", code)
    for share in (3, 50, 99):
        yield Case(f"cut-at-{share}-percent", whole[: len(whole) * share // 100], "secret", code)
    yield Case("certificate-alone-in-pfx", pkcs12.serialize_key_and_certificates(
        None, None, m.leaf.certificate, m.chain, serialization.BestAvailableEncryption(b"secret")),
        "secret", "no_key")  # fmt: skip
    yield Case("nothing-in-pfx", der.pfx(), "", "no_key")
    yield Case("key-alone-in-pfx", der.pfx(der.data_info(der.key_bag(der_key(m.leaf.key)))), "", "no_cert")
    stranger = der.data_info(der.key_bag(der_key(elliptic())), der.cert_bag(der_of(m.leaf.certificate)))
    yield Case("key-of-another-certificate", der.pfx(stranger), "", "key_mismatch")
    many = [make(f"Stranger {n}").certificate for n in range(24)]
    yield Case("too-many-certificates", m.packed(m.leaf, many), "secret", "too_many_certs")
    unknown = der.pbes2(der.pbkdf2(b"salt" * 4, 2048), b"i" * 16, "2.16.840.1.101.3.4.1.99")
    yield Case("unknown-cipher", der.pfx(der.encrypted_info(unknown, b"x" * 64)), "secret", code)


def bombs(m: Makers) -> Iterator[Case]:
    """Files that would compute for hours, or take all memory."""
    code = "kdf_too_costly"
    bags = [der.cert_bag(der_of(c)) for c in (m.leaf.certificate, *m.chain)]
    honest = der.data_info(der.key_bag(der_key(m.leaf.key)), *bags)
    salt, filler = b"s" * 16, b"x" * 64
    yield Case("bomb-mac", der.pfx(honest, mac=der.mac_data(b"d" * 32, salt, BOMB)), "secret", code)
    stated = der.pbmac1(der.seq(honest), "secret", stated=BOMB)
    yield Case("bomb-pbmac1", der.pfx(honest, mac=stated), "secret", code)
    pbes2 = der.pbes2(der.pbkdf2(salt, BOMB), salt)
    yield Case("bomb-pbes2", der.pfx(der.encrypted_info(pbes2, filler)), "secret", code)
    pbes1 = der.seq(der.oid(der.PBE_3DES), der.seq(der.octets(salt[:8]), der.number(BOMB)))
    yield Case("bomb-pbes1", der.pfx(der.data_info(der.shrouded_bag(pbes1, filler))), "secret", code)
    scrypt = der.pbes2(der.scrypt(salt, 2**30, 8, 1), salt)
    yield Case("bomb-scrypt-memory", der.pfx(der.encrypted_info(scrypt, filler)), "secret", code)
    scrypt = der.pbes2(der.scrypt(salt, 2**14, 8, 2**20), salt)
    yield Case("bomb-scrypt-time", der.pfx(der.encrypted_info(scrypt, filler)), "secret", code)
    # Correctly encrypted, so that it shows only when the file is half open.
    for name, algorithm in {"pbes2": pbes2, "pbes1": pbes1}.items():
        inside = der.seq(der.shrouded_bag(algorithm, filler), *bags)
        hidden = der.encrypted_info(*der.encrypted(inside, "secret"))
        yield Case(f"bomb-hidden-{name}", der.pfx(hidden), "secret", code)
    several = [der.encrypted_info(der.pbes2(der.pbkdf2(salt, 4_900_000), salt), filler) for _ in range(12)]
    yield Case("bomb-in-many-parts", der.pfx(*several), "secret", code)


def refused_certificates(m: Makers) -> Iterator[Case]:
    """Files that open, with certificates that browsers refuse."""

    def case(name: str, code: str, issued: Issued, others: list[x509.Certificate] | None = None) -> Case:
        return Case(name, m.packed(issued, others), "secret", code)

    issue = m.middle.issue
    yield case("expired", "expired", issue(HOST, [HOST], begins=NOW - 90 * DAY, ends=NOW - DAY))
    late = m.root.issue("Expired Intermediate", ca=True, usages=None, begins=NOW - 90 * DAY, ends=NOW - DAY)
    yield case("expired-intermediate", "expired", late.issue(HOST, [HOST]), [late.certificate])
    yield case("not-yet-valid", "not_yet_valid", issue(HOST, [HOST], begins=NOW + 2 * DAY))
    early = m.root.issue("Early Intermediate", ca=True, usages=None, begins=NOW + DAY)
    yield case("early-intermediate", "not_yet_valid", early.issue(HOST, [HOST]), [early.certificate])
    yield Case("sha1", m.weak("sha1"), "secret", "weak_signature")
    yield Case("sha1-self-signed", m.weak("sha1", issuer=False), "secret", "weak_signature")
    yield Case("md5", m.weak("md5", issuer=False), "secret", "weak_signature")
    yield case("sha1-intermediate", "weak_signature", *sha1_intermediate(m))
    yield Case("sha224", m.weak("sha224"), "secret", "weak_signature")
    yield Case("sha3", m.weak("sha3-256"), "secret", "weak_signature")
    edwards = make("Edwards", ca=True, usages=None, key=ed25519.Ed25519PrivateKey.generate())
    yield case("signed-with-ed25519", "weak_signature", edwards.issue(HOST, [HOST]), [edwards.certificate])
    yield Case("rsa-1024", m.weak(bits=1024), "secret", "weak_key")
    for kind in ("secp256k1", "secp224r1", "brainpoolP256r1"):
        yield Case(kind, m.weak(kind=kind), "secret", "weak_key")
    yield Case("dsa", m.weak(kind="dsa"), "secret", "key_type")
    yield Case("rsa-pss", m.weak(kind="rsa-pss"), "secret", "key_type")
    yield case("ed25519", "key_type", issue(HOST, [HOST], key=ed25519.Ed25519PrivateKey.generate()))
    yield case("for-clients", "eku", issue(HOST, [HOST], usages=[ExtendedKeyUsageOID.CLIENT_AUTH]))
    yield case("no-signatures", "key_usage", issue(HOST, [HOST], signature=False))
    yield case("no-names", "no_san", issue(HOST))
    yield Case("address-alone", m.weak(names="IP:192.0.2.7"), "secret", "no_san")
    yield case("address-among-the-names", "no_san", issue(HOST, ["192.0.2.7"]))
    yield Case("names-that-are-none", m.weak(names="DER:0102"), "secret", "unreadable")
    yield Case("name-of-a-forgotten-kind", m.weak(names="DER:3004A5020500"), "secret", "unreadable")
    yield Case("endless-serial-number", m.weak(serial="0x" + "7f" * 40), "secret", "unreadable")
    yield case(
        "too-many-names", "too_many_names", issue(HOST, [f"h{n}.fabrikam.shop" for n in range(12_000)])
    )
    yield case("intermediate-as-leaf", "is_ca", m.root.issue("CA", [HOST], ca=True), [m.root.certificate])


def sha1_intermediate(m: Makers) -> tuple[Issued, list[x509.Certificate]]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SHA-1 Intermediate")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    (m.folder / "i.csr").write_bytes(request.public_bytes(Encoding.PEM))
    (m.folder / "ca.pem").write_bytes(pem(m.root.certificate))
    (m.folder / "ca.key").write_bytes(pem_key(m.root.key))
    (m.folder / "i.ext").write_text("basicConstraints=critical,CA:TRUE\n")
    by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "i.ext"]
    m.run("openssl", "x509", "-req", "-in", "i.csr", "-sha1", "-days", "900", *by, "-out", "i.pem")
    issuer = Issued(x509.load_pem_x509_certificate((m.folder / "i.pem").read_bytes()), key)
    return issuer.issue(HOST, [HOST]), [issuer.certificate]


def corpus(m: Makers) -> Iterator[Case]:
    for family in (
        openssl_files,
        other_programs,
        by_hand,
        shapes,
        no_pfx_files,
        damaged,
        bombs,
        refused_certificates,
    ):
        yield from family(m)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for case in corpus(Makers(folder)):
        (folder / f"{case.name}.pfx").write_bytes(case.data)
        sys.stdout.write(f"{case.name}.pfx\t{case.password!r}\t{case.code or 'accepted'}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())

"""Opens one .pfx file in a process of its own, since a crafted file can hang or fill whoever opens it.

Run as a file, isolated (`python -I -S child.py <place of the packages>`), by `opening`. It inherits no environment and
no open files, and after its imports it can open none: no disk, no network. It knows neither Django nor settings.

In: four bytes (big endian) with the length of the password, the password, the file. Out: one JSON object, either
{"error": code} or {"key": base64 of PKCS #8, "certificates": [base64 of DER, …]}, the matching one first if the file
says which it is.
"""

# ruff: noqa: E402 - the limits come before the imports that they are to hold
import resource
import sys

# Seconds, bytes. The library checks the key that it finds, and one of RSA with 8192 bits takes it four seconds.
CPU, MEMORY = 7, 512 * 1024 * 1024
if __name__ == "__main__":  # whoever only imports this is not held to them
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.path.append(sys.argv[1])

import base64
import json
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

MOST_CERTIFICATES = 20


def forms(password: bytes) -> Iterator[bytes | None]:
    """A password as different programs understood it: as it is; none at all; UTF-8 taken for Latin-1 (old OpenSSL)."""
    yield password
    if not password:
        yield None
    elif not password.isascii():
        yield password.decode().encode("latin-1", "ignore") or password
        yield password.decode("latin-1").encode()


def opened(data: bytes, password: bytes) -> pkcs12.PKCS12KeyAndCertificates | str:
    """What is in the file, else the code of the refusal."""
    for form in forms(password):
        try:
            return pkcs12.load_pkcs12(data, form)
        except UnsupportedAlgorithm:
            return "unsupported"
        except MemoryError:
            return "kdf_too_costly"
        except (ValueError, TypeError):
            continue
    return "bad_password_or_damaged"


def answer(data: bytes, password: bytes) -> dict[str, object]:
    found = opened(data, password)
    if isinstance(found, str):
        return {"error": found}
    certificates = [one.certificate for one in (found.cert, *found.additional_certs) if one is not None]
    if len(certificates) > MOST_CERTIFICATES:
        return {"error": "too_many_certs"}
    if found.key is None:
        return {"error": "no_key"}
    if not certificates:
        return {"error": "no_cert"}
    key = found.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return {
        "key": base64.b64encode(key).decode(),
        "certificates": [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in certificates],
    }


def main() -> None:
    # Nothing can be opened from here on: three files are open, and no more may be. Nor can a process be begun.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    sent = sys.stdin.buffer.read()
    length = int.from_bytes(sent[:4], "big")
    sys.stdout.write(json.dumps(answer(sent[4 + length :], sent[4 : 4 + length])))


if __name__ == "__main__":
    main()

"""Secrets that are made once and kept in DATA_DIR, readable by their owner only."""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from portaladmin.up.errors import CannotStart


def secret_key() -> str:
    """A new key for Django's signatures."""
    return secrets.token_urlsafe(50)


def encryption_key() -> str:
    """A new key for secrets at rest: its number, 1, and 32 random bytes."""
    return "1:" + base64.b64encode(secrets.token_bytes(32)).decode()


def password() -> str:
    """A new password that can be typed: four groups of four, without letters that look alike."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def settle(data_dir: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """SECRET_KEY, ENCRYPTION_KEYS and DEMO_PASSWORD: each as given, else as kept, else made now and kept.

    Raises CannotStart when a file cannot be read or written.
    """
    try:
        demo = data_dir / "demo_password"
        if given := environ.get("DEMO_PASSWORD"):
            # Kept as well: the next start, without the variable, must print what is true.
            _write(demo, given)
        return {
            "SECRET_KEY": environ.get("SECRET_KEY") or _kept(data_dir / "secret_key", secret_key),
            "ENCRYPTION_KEYS": environ.get("ENCRYPTION_KEYS")
            or _kept(data_dir / "encryption_keys", encryption_key),
            "DEMO_PASSWORD": given or _kept(demo, password),
        }
    except OSError as error:
        raise CannotStart(
            f"{error.filename} cannot be used ({error.strerror}); give it back to the user who runs make up"
        ) from error


def _kept(path: Path, new: Callable[[], str]) -> str:
    if path.exists() and (text := path.read_text().strip()):
        return text
    text = new()
    _write(path, text)
    return text


def _write(path: Path, text: str) -> None:
    """Writes a file whole or not at all, since half a key would lose what it locks."""
    if path.exists() and path.read_text().strip() == text:
        return
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, f"{text}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)

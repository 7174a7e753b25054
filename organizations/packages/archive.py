"""The zip file of a package, opened with suspicion. Pure."""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib

MAX_ARCHIVE_BYTES = 20 * 1024 * 1024
MAX_FILES = 1000
MAX_UNPACKED_BYTES = 100 * 1024 * 1024
# Text packs to a tenth, XML of much sameness to a fiftieth; a bomb to a thousandth.
MAX_RATIO = 200
_RATIO_MATTERS_FROM = 1024 * 1024

# All that zipfile raises for damage, encryption and unknown compression.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
)


class BadArchive(ValueError):
    """It cannot be opened, or must not be; the message ends a sentence that begins with "The package"."""


def unpack(data: bytes) -> dict[str, bytes]:
    """Every file of the archive by its name. Raises BadArchive; never reads more than the limits above."""
    if len(data) > MAX_ARCHIVE_BYTES:
        raise BadArchive(f"is larger than {MAX_ARCHIVE_BYTES // 1024**2} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _files(archive, len(data))
    except _DAMAGED as error:
        raise BadArchive("is not a zip file, is damaged or is encrypted.") from error


def _files(archive: zipfile.ZipFile, packed_bytes: int) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise BadArchive(f"holds more than {MAX_FILES} files.")
    files: dict[str, bytes] = {}
    total = 0
    for entry in entries:
        _check_name(entry.filename)
        if entry.is_dir():
            continue
        if entry.filename in files:
            raise BadArchive(f"holds “{entry.filename[:80]}” twice.")
        # What the archive says about sizes is not believed: reading stops at the limit.
        with archive.open(entry) as stream:
            content = stream.read(MAX_UNPACKED_BYTES - total + 1)
        total += len(content)
        if total > MAX_UNPACKED_BYTES or total > max(_RATIO_MATTERS_FROM, packed_bytes * MAX_RATIO):
            raise BadArchive("unpacks to far more than a solution needs.")
        files[entry.filename] = content
    return files


def _check_name(name: str) -> None:
    parts = re.split(r"[/\\]", name)
    if not name or "\\" in name or ":" in name or parts[0] == "" or ".." in parts or not name.isprintable():
        raise BadArchive("holds a file whose name leads out of the package.")

"""Catalogs in the form that gettext reads, without gettext's tools, which a fresh machine does not have."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from portaladmin.catalogs import SOURCES


def compile_catalogs(target: Path) -> list[str]:
    """Write <target>/<language>/LC_MESSAGES/django.mo for every catalog; the languages.

    A file is replaced as a whole: a process that reads it at this moment sees the old one or the new one.
    """
    languages = []
    for po in sorted(SOURCES.glob("*/LC_MESSAGES/django.po")):
        language = po.parent.parent.name
        with po.open("rb") as file:
            catalog = read_po(file, locale=language)
        folder = target / language / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".django.")
        with os.fdopen(handle, "wb") as file:
            write_mo(file, catalog)
        Path(name).chmod(0o644)
        Path(name).replace(folder / "django.mo")
        languages.append(language)
    return languages

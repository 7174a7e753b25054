"""The Applications tab as a table for Excel."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import translation

from accounts.words import N_
from provisioning.listing import row_of
from provisioning.models import Portal

# Excel takes a file for UTF-8 when it begins with this mark, and for the machine's old code page when it does not.
MARK = "\ufeff"
# A cell that begins with one of these may be taken for a formula (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    N_("Name"),
    N_("State"),
    N_("Application type"),
    N_("Type"),
    N_("Instance"),
    N_("Status"),
    N_("Owner"),
    N_("URL"),
    N_("Language (LCID)"),
    N_("Created (UTC)"),
    N_("ID"),
)
CHUNK = 1000


class _Echo:
    """What csv.writer writes to: it hands the line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def harmless(value: Any) -> str:
    """A cell that no spreadsheet runs: formulas begin with an apostrophe, which shows them as text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def lines(portals: Iterable[Portal], *, language: str) -> Iterator[str]:
    """The file, line by line (RFC 4180), so that 100,000 rows need no more memory than one.

    It is sent when the request has been answered, so it has to be told the language, too.
    """
    writer: Any = csv.writer(_Echo())
    with translation.override(language):
        line = MARK + writer.writerow([translation.gettext(column) for column in COLUMNS])
    yield line
    for portal in portals:
        with translation.override(language):
            line = writer.writerow([harmless(cell) for cell in _cells(portal)])
        yield line


def _cells(portal: Portal) -> tuple[Any, ...]:
    return (
        portal.display_name,
        row_of(portal).state,
        portal.application_type,
        portal.get_type_display(),
        portal.instance.name if portal.instance else "",
        portal.status,
        portal.owner or "",
        portal.url,
        portal.language,
        f"{portal.created_at:%Y-%m-%d %H:%M:%S}",
        portal.id,
    )

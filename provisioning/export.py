"""The Applications tab as a table for Excel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import translation

from accounts import spreadsheet
from accounts.words import N_
from provisioning.listing import row_of
from provisioning.models import Portal

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


def lines(portals: Iterable[Portal], *, language: str) -> Iterator[str]:
    """The file, line by line (RFC 4180), so that 100,000 rows need no more memory than one.

    It is sent when the request has been answered, so it has to be told the language, too.
    """
    with translation.override(language):
        line = spreadsheet.MARK + spreadsheet.line(translation.gettext(column) for column in COLUMNS)
    yield line
    for portal in portals:
        with translation.override(language):
            line = spreadsheet.line(_cells(portal))
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

"""The trail as a table for spreadsheets and for whoever keeps it elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import translation

from accounts import spreadsheet
from accounts.audit.listing import kind_words
from accounts.models import AuditRecord
from accounts.words import N_

COLUMNS = (
    N_("Time (UTC)"),
    N_("Who"),
    N_("E-mail address"),
    N_("What"),
    N_("Result"),
    N_("Kind"),
    N_("On what"),
    N_("ID"),
    N_("Belongs to"),
    N_("Before"),
    N_("After"),
    N_("Code"),
    N_("Reason"),
    N_("Error ID"),
    N_("Address"),
    N_("Browser or process"),
    N_("Request"),
    N_("Record"),
)


def lines(records: Iterable[AuditRecord], *, language: str) -> Iterator[str]:
    """The file, line by line. It is sent when the request has been answered, so it is told the language, too."""
    with translation.override(language):
        line = spreadsheet.MARK + spreadsheet.line(translation.gettext(column) for column in COLUMNS)
    yield line
    for record in records:
        with translation.override(language):
            line = spreadsheet.line(_cells(record))
        yield line


def _cells(record: AuditRecord) -> tuple[Any, ...]:
    return (
        f"{record.at:%Y-%m-%d %H:%M:%S.%f}",
        record.actor,
        record.login,
        record.words,
        record.result_words,
        kind_words(record.subject_kind),
        record.subject_name,
        record.subject_id,
        f"{record.about_kind} {record.about_id}".strip(),
        _json(record.before),
        _json(record.after),
        record.code,
        record.reason,
        record.error_id,
        record.address,
        record.agent,
        record.path,
        record.id,
    )


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""

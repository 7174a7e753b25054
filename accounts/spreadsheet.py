"""Tables as files that spreadsheets open: CSV (RFC 4180), sent line by line, with cells that nothing runs."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

# Excel takes a file for UTF-8 when it begins with this mark, and for the machine's old code page when it does not.
MARK = "\ufeff"
# Rows fetched at a time.
CHUNK = 1000
# A cell that begins with one of these may be taken for a formula (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Echo:
    """What csv.writer writes to: it hands the line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def harmless(value: Any) -> str:
    """A cell that no spreadsheet runs: formulas begin with an apostrophe, which shows them as text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def line(cells: Iterable[Any]) -> str:
    """One line of the file, with its end."""
    writer: Any = csv.writer(_Echo())
    return str(writer.writerow([harmless(cell) for cell in cells]))

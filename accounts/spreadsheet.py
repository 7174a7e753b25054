"""Tables as files that spreadsheets open: CSV (RFC 4180), sent line by line, with cells that nothing runs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import Any

# Excel takes a file for UTF-8 when it begins with this mark, and for the machine's old code page when it does not.
MARK = "\ufeff"
# Rows fetched at a time.
CHUNK = 1000
# A cell that begins with one of these may be taken for a formula (OWASP, CSV Injection); in the wide forms of East
# Asian keyboards, too. A spreadsheet that separates columns by another character than the comma, as its machine's
# region wants it, begins cells in the middle of ours.
_FORMULA = re.compile(r"""((?:^|[;|\t\r\n])["\s]*)(?=[=+\-@\uff0b\uff0d\uff1d\uff20])|^(?=[\t\r\n])""")


class _Echo:
    """What csv.writer writes to: it hands the line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def harmless(value: Any) -> str:
    """A cell that no spreadsheet runs: formulas begin with an apostrophe, which shows them as text."""
    return _FORMULA.sub(_as_text, "" if value is None else str(value))


def _as_text(begin: re.Match[str]) -> str:
    return f"{begin.group()}'"


def line(cells: Iterable[Any]) -> str:
    """One line of the file, with its end."""
    writer: Any = csv.writer(_Echo())
    return str(writer.writerow([harmless(cell) for cell in cells]))

"""Files for spreadsheets hold what people and strangers typed, and nothing in them is run."""

from __future__ import annotations

import csv

import pytest

from accounts import spreadsheet

FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cells(*texts: str, delimiter: str) -> list[str]:
    """As a spreadsheet reads the line whose machine separates columns so."""
    lines = spreadsheet.line(["first", *texts, "last"]).splitlines(keepends=True)
    return [cell for row in csv.reader(lines, delimiter=delimiter) for cell in row]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("sign", FORMULAS)
@pytest.mark.parametrize(
    "text",
    [
        "{0}1+1",
        "x;{0}1+1",
        'x;"{0}1+1"',
        "x; {0}1+1",
        "x\t{0}1+1",
        "x|{0}1+1",
        "x\n{0}1+1",
        " {0}1",
        ";{0}1;{0}2",
    ],
)
def test_no_cell_begins_like_a_formula_whatever_separates_them(separator: str, sign: str, text: str) -> None:
    read = cells(text.format(sign), delimiter=separator)
    assert not [
        cell for cell in read if cell.strip(" \"'\t") != "" and cell.lstrip(' "').startswith(FORMULAS)
    ]


@pytest.mark.parametrize("text", ["Contoso Support", "a-b", "me+you@contoso.example", "1;2", "x; y", "ä,ö"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert cells(text, delimiter=",") == ["first", text, "last"]

"""CrmTranslations.xml: labels as a SpreadsheetML 2003 workbook, the form in which Dynamics 365 exports and
imports translations. Pure.

Worksheet "Localized Labels": a header "Entity name, Object ID, Object Column Name" followed by one LCID per
column, then a row per label.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence

from organizations.packages.package import LabelText

LABELS_SHEET = "Localized Labels"
_HEADER = ("Entity name", "Object ID", "Object Column Name")
_SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"
# A component has the same object id in every build.
_OBJECT_IDS = uuid.UUID("5b0d0a1e-5d0a-4c86-9a53-0c8b6a3a3f0e")
# Wider than any sheet in use: a cell's index beyond it is an attempt to make us count.
_MAX_COLUMNS = 500


def _name(tag: str) -> str:
    return f"{{{_SPREADSHEET}}}{tag}"


def read(root: ET.Element) -> Iterator[LabelText]:
    """Labels of the workbook, without empty cells. Raises ValueError if it is not such a workbook."""
    if root.tag != _name("Workbook"):
        raise ValueError("it is not a workbook")
    for sheet in root.iterfind(_name("Worksheet")):
        if sheet.get(_name("Name")) == LABELS_SHEET:
            yield from _labels(_rows(sheet))
            return
    raise ValueError(f"it has no worksheet “{LABELS_SHEET}”")


def _labels(rows: Iterator[list[str]]) -> Iterator[LabelText]:
    header = next(rows, [])
    if tuple(header[:3]) != _HEADER or not all(lcid.isdecimal() for lcid in header[3:]):
        raise ValueError("its first row does not name the columns")
    languages = [int(lcid) for lcid in header[3:]]
    for row in rows:
        component, _, column, *texts = row + [""] * (3 - len(row))
        if not component or not column:
            raise ValueError("a row does not say what it labels")
        for lcid, text in zip(languages, texts, strict=False):
            if text:
                yield LabelText(component, column, lcid, text)


def _rows(sheet: ET.Element) -> Iterator[list[str]]:
    for row in sheet.iterfind(f"{_name('Table')}/{_name('Row')}"):
        cells: list[str] = []
        for cell in row.iterfind(_name("Cell")):
            # Empty cells are left out; the next one then says where it stands, counted from one.
            place = cell.get(_name("Index"), str(len(cells) + 1))
            index = int(place) if place.isdecimal() else 0
            if not len(cells) < index <= _MAX_COLUMNS:
                raise ValueError("a cell stands in an impossible column")
            cells += [""] * (index - 1 - len(cells))
            data = cell.find(_name("Data"))
            cells.append("".join(data.itertext()).strip() if data is not None else "")
        if any(cells):
            yield cells


def write(labels: Iterable[LabelText], *, base_language: int) -> bytes:
    """The workbook of these labels, the base language first; the same bytes each time."""
    texts: dict[tuple[str, str], dict[int, str]] = {}
    for label in labels:
        texts.setdefault((label.component, label.column), {})[label.lcid] = label.text
    languages = sorted({lcid for by_lcid in texts.values() for lcid in by_lcid} - {base_language})
    languages.insert(0, base_language)
    ET.register_namespace("ss", _SPREADSHEET)
    book = ET.Element(_name("Workbook"))
    _sheet(book, "Information", [("Base Language", str(base_language))])
    _sheet(book, "Display Strings", [("Entity name", "Display String Key", *map(str, languages))])
    body = [
        (component, _object_id(component), column, *(by_lcid.get(lcid, "") for lcid in languages))
        for (component, column), by_lcid in sorted(texts.items())
    ]
    _sheet(book, LABELS_SHEET, [(*_HEADER, *map(str, languages)), *body])
    ET.indent(book)
    text: bytes = ET.tostring(book, encoding="utf-8", xml_declaration=True)
    return text


def _object_id(component: str) -> str:
    return str(uuid.uuid5(_OBJECT_IDS, component))


def _sheet(book: ET.Element, name: str, rows: Sequence[Sequence[str]]) -> None:
    sheet = ET.SubElement(book, _name("Worksheet"), {_name("Name"): name})
    table = ET.SubElement(sheet, _name("Table"))
    for row in rows:
        element = ET.SubElement(table, _name("Row"))
        skipped = False
        for index, text in enumerate(row, start=1):
            if not text:
                skipped = True
                continue
            cell = ET.SubElement(element, _name("Cell"), {_name("Index"): str(index)} if skipped else {})
            skipped = False
            data = ET.SubElement(cell, _name("Data"), {_name("Type"): "String"})
            data.text = text

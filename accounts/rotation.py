"""Bringing everything that is sealed under the newest key, and proving that nothing is left under an older one.

Rooms register their sealed columns at start-up. An old key may be taken out of ENCRYPTION_KEYS when `old` says 0 for
every column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet

from accounts import vault

BATCH = 500


@dataclass(frozen=True)
class Column:
    """A column of sealed values ("" is none); `place` is what a row's value is sealed for."""

    model: type[Model]
    field: str
    place: Callable[[Any], str]

    @property
    def name(self) -> str:
        return f"{self.model._meta.label}.{self.field}"


@dataclass
class Outcome:
    """What became of one column: values brought over, those that did not open (ids), and what is old still."""

    name: str
    moved: int
    unopened: list[str]
    left: int


_columns: dict[str, Column] = {}


def register(column: Column) -> None:
    """The same column twice is one."""
    _columns[column.name] = column


def columns() -> list[Column]:
    return [_columns[name] for name in sorted(_columns)]


def old(column: Column) -> QuerySet[Any]:
    """Rows whose value is not sealed with the newest key; values of this very moment, so the proof is a count."""
    newest = max(settings.ENCRYPTION_KEYS)
    rows = column.model._base_manager.exclude(**{column.field: ""})
    return rows.exclude(**{f"{column.field}__startswith": f"v1.{newest}."}).order_by("pk")


def rotate() -> list[Outcome]:
    """Every column. A value that is changed by somebody else meanwhile is left to them and counted as left, if old."""
    return [_rotate(column) for column in columns()]


def _rotate(column: Column) -> Outcome:
    moved, unopened, last = 0, [], None
    while True:
        rows = old(column) if last is None else old(column).filter(pk__gt=last)
        batch = list(rows[:BATCH])
        if not batch:
            break
        for row in batch:
            last = row.pk
            try:
                moved += _reseal(column, row)
            except vault.CannotOpen:
                unopened.append(str(row.pk))
    return Outcome(column.name, moved, unopened, old(column).count())


def _reseal(column: Column, row: Any) -> int:
    """One guarded statement: a value that is another one by now stays as it is."""
    sealed, place = getattr(row, column.field), column.place(row)
    again = vault.seal(vault.unseal(sealed, place=place), place=place)
    unchanged = column.model._base_manager.filter(pk=row.pk, **{column.field: sealed})
    return unchanged.update(**{column.field: again})

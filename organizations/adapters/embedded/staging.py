"""Changes of a layer that are prepared where nobody sees them, and then made all at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import connection

from organizations.models import AsyncOperation, Label, Solution, StagedLabel
from organizations.packages import layer
from organizations.packages.layer import Change, Texts
from organizations.ports import LabelChanges

# So many changes are prepared with one call: a fraction of a second.
SLICE = 5000

_STAGE = 'COPY organizations_stagedlabel (operation_id, component, "column", lcid, text) FROM STDIN'
_SAME_KEY = (
    'label.component = staged.component AND label."column" = staged."column" AND label.lcid = staged.lcid'
)
_PUT = """
INSERT INTO organizations_label (instance_id, solution_id, component, "column", lcid, text)
SELECT %(instance)s, %(solution)s, component, "column", lcid, text
FROM organizations_stagedlabel WHERE operation_id = %(operation)s AND text IS NOT NULL
ON CONFLICT ON CONSTRAINT organizations_label_once DO UPDATE SET text = EXCLUDED.text
"""
_TAKE_AWAY = f"""
DELETE FROM organizations_label AS label USING organizations_stagedlabel AS staged
WHERE staged.operation_id = %(operation)s AND staged.text IS NULL AND label.instance_id = %(instance)s
  AND label.solution_id = %(solution)s AND {_SAME_KEY}
"""  # noqa: S608 - put together from constants
_COUNT = f"""
SELECT staged.lcid, count(*) FILTER (WHERE label.id IS NULL), count(*) FILTER (WHERE label.id IS NOT NULL)
FROM organizations_stagedlabel AS staged
LEFT JOIN organizations_label AS label
  ON label.instance_id = %(instance)s AND label.solution_id = %(solution)s AND {_SAME_KEY}
WHERE staged.operation_id = %(operation)s AND staged.text IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM organizations_label AS label
  WHERE label.instance_id = %(instance)s AND label.solution_id IS NULL AND {_SAME_KEY})
GROUP BY staged.lcid
"""  # noqa: S608


def plan(solution: Solution | None, wanted: Mapping[int, Texts], digests: Mapping[str, str]) -> list[Change]:
    """What the solution's layer must change, in the same order each time; languages that are the same are not read."""
    known = solution.languages if solution else {}
    changes: list[Change] = []
    for lcid in sorted({*wanted, *map(int, known)}):
        if known.get(str(lcid)) != digests.get(str(lcid)):
            there = _texts(solution, lcid) if solution else {}
            changes += layer.difference(lcid, there=there, wanted=wanted.get(lcid, {}))
    return sorted(changes, key=lambda change: (change.component, change.column, change.lcid))


def _texts(solution: Solution, lcid: int) -> Texts:
    rows = Label.objects.filter(solution=solution, lcid=lcid)
    return {
        (component, column): text
        for component, column, text in rows.values_list("component", "column", "text")
    }


def prepare(row: AsyncOperation, changes: list[Change], *, basis: str) -> bool:
    """The next part of the changes; whether all of them are prepared. A new basis begins from the start."""
    if row.basis != basis:
        discard(row)
        row.basis = basis
    part = changes[row.staged : row.staged + SLICE]
    if part:
        with connection.cursor() as cursor, cursor.copy(_STAGE) as copy:
            for change in part:
                copy.write_row((row.pk, change.component, change.column, change.lcid, change.text))
        row.staged += len(part)
        row.component = part[-1].component
    complete = row.staged == len(changes)
    row.progress = 99 if complete else 100 * row.staged // len(changes)
    return complete


def basis_of(solution: Solution | None, digests: Mapping[str, str]) -> str:
    """Names what the changes were worked out from."""
    there = [str(solution.pk), solution.version, solution.languages] if solution else None
    return hashlib.sha256(json.dumps([there, digests], sort_keys=True).encode()).hexdigest()


def apply(row: AsyncOperation, solution: Solution) -> None:
    """Make the prepared changes. What other imports had prepared is out of date then."""
    names: dict[str, Any] = {"instance": row.instance_id, "solution": solution.pk, "operation": row.pk}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_AWAY, names)
        cursor.execute(_PUT, names)
    StagedLabel.objects.filter(operation__instance=row.instance_id).delete()
    others = AsyncOperation.objects.filter(instance=row.instance_id).exclude(pk=row.pk)
    others.exclude(basis="").filter(finished_at=None).update(basis="", staged=0)


def discard(row: AsyncOperation) -> None:
    """Nothing is prepared any more."""
    if row.staged:
        StagedLabel.objects.filter(operation=row).delete()
    row.basis, row.staged = "", 0


def counts(
    row: AsyncOperation, solution: Solution, wanted: Mapping[int, Texts], skipped: Mapping[int, int]
) -> list[dict[str, int]]:
    """What the prepared changes will do, by language; to be asked before they are made."""
    with connection.cursor() as cursor:
        names: dict[str, Any] = {"instance": row.instance_id, "solution": solution.pk, "operation": row.pk}
        cursor.execute(_COUNT, names)
        moved = {lcid: (added, changed) for lcid, added, changed in cursor.fetchall()}
    kept = dict.fromkeys(wanted, 0)
    own = Label.objects.filter(instance=row.instance_id, solution=None, lcid__in=wanted)
    for component, column, lcid in own.values_list("component", "column", "lcid"):
        kept[lcid] += (component, column) in wanted[lcid]
    told = [LabelChanges(lcid, skipped=count) for lcid, count in skipped.items()]
    for lcid, texts in wanted.items():
        added, changed = moved.get(lcid, (0, 0))
        same = len(texts) - added - changed - kept[lcid]
        told.append(LabelChanges(lcid, added=added, changed=changed, unchanged=same, kept=kept[lcid]))
    return [asdict(changes) for changes in sorted(told, key=lambda changes: changes.lcid)]

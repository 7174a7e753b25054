"""Changes of a layer that are prepared where nobody sees them, and then made all at once."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from organizations.models import AsyncOperation, Label, Solution, StagedLabel
from organizations.packages import layer
from organizations.packages.layer import Change, Key, Texts
from organizations.ports import LabelChanges

# So many changes are prepared with one call: a fraction of a second.
SLICE = 5000

_STAGE = 'COPY organizations_stagedlabel (operation_id, component, "column", lcid, text) FROM STDIN'
_PUT = """
INSERT INTO organizations_label (instance_id, solution_id, component, "column", lcid, text)
SELECT %(instance)s, %(solution)s, component, "column", lcid, text
FROM organizations_stagedlabel WHERE operation_id = %(operation)s
ON CONFLICT ON CONSTRAINT organizations_label_once DO UPDATE SET text = EXCLUDED.text
"""
_BATCH = 5000


@dataclass(frozen=True)
class Plan:
    """What a layer must change: `puts` in the same order each time, and the ids of labels that go."""

    puts: list[Change]
    gone: list[int]


def plan(solution: Solution | None, wanted: Mapping[int, Texts], digests: Mapping[str, str]) -> Plan:
    """What the solution's layer must change; languages that are the same are not read."""
    known = solution.languages if solution else {}
    puts: list[Change] = []
    gone: list[int] = []
    for lcid in sorted({*wanted, *map(int, known)}):
        if known.get(str(lcid)) == digests.get(str(lcid)):
            continue
        there, texts = _there(solution, lcid) if solution else {}, wanted.get(lcid, {})
        puts += layer.difference(lcid, there={key: text for key, (_, text) in there.items()}, wanted=texts)
        gone += [pk for key, (pk, _) in there.items() if key not in texts]
    puts.sort(key=lambda change: (change.component, change.column, change.lcid))
    return Plan(puts, gone)


def _there(solution: Solution, lcid: int) -> dict[Key, tuple[int, str]]:
    rows = Label.objects.filter(solution=solution, lcid=lcid)
    return {
        (component, column): (pk, text)
        for pk, component, column, text in rows.values_list("pk", "component", "column", "text")
    }


def prepare(row: AsyncOperation, changes: list[Change], *, basis: str) -> bool:
    """The next part of the puts; whether all of them are prepared. A new basis begins from the start."""
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


def apply(row: AsyncOperation, solution: Solution, gone: Sequence[int]) -> None:
    """Make the prepared changes. What other imports had prepared is out of date then."""
    for begin in range(0, len(gone), _BATCH):
        Label.objects.filter(pk__in=gone[begin : begin + _BATCH]).delete()
    if row.staged:
        with connection.cursor() as cursor:
            names: dict[str, Any] = {
                "instance": row.instance_id,
                "solution": solution.pk,
                "operation": row.pk,
            }
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
    instance_id: UUID, changes: Iterable[Change], wanted: Mapping[int, Texts], skipped: Mapping[int, int]
) -> list[LabelChanges]:
    """What an import does with the labels, by language."""
    own: dict[int, set[Key]] = {lcid: set() for lcid in wanted}
    rows = Label.objects.filter(instance=instance_id, solution=None, lcid__in=wanted)
    for component, column, lcid in rows.values_list("component", "column", "lcid"):
        if (component, column) in wanted[lcid]:
            own[lcid].add((component, column))
    moved = Counter(
        (change.lcid, change.is_new)
        for change in changes
        if (change.component, change.column) not in own[change.lcid]
    )
    told = [LabelChanges(lcid, skipped=count) for lcid, count in skipped.items()]
    for lcid, texts in wanted.items():
        added, changed, kept = moved[lcid, True], moved[lcid, False], len(own[lcid])
        same = len(texts) - added - changed - kept
        told.append(LabelChanges(lcid, added=added, changed=changed, unchanged=same, kept=kept))
    return sorted(told, key=lambda changes: changes.lcid)

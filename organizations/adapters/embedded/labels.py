"""Labels of an embedded organization, in layers."""

from __future__ import annotations

from collections.abc import Iterable, Set
from uuid import UUID

from django.db.models import F

from organizations.models import Label, Solution
from organizations.packages.package import Package

_BATCH = 1000


def effective(instance_id: UUID, component: str, lcid: int) -> dict[str, str]:
    """Texts by column, from the lowest layer up: each covers the one below, and people's own changes cover all."""
    rows = Label.objects.filter(instance=instance_id, component=component, lcid=lcid)
    upwards = rows.order_by(F("solution__layer").asc(nulls_last=True))
    return dict(upwards.values_list("column", "text"))


def replace_layer(solution: Solution, package: Package, *, enabled: Set[int], base_language: int) -> None:
    """Make the solution's layer hold what the package says, in the enabled languages. No other layer changes."""
    Label.objects.filter(solution=solution).delete()
    Label.objects.bulk_create(
        (
            Label(
                instance_id=solution.instance_id,
                solution=solution,
                component=component,
                column=column,
                lcid=lcid,
                text=text,
            )
            for component, column, lcid, text in _texts(package, enabled, base_language)
        ),
        batch_size=_BATCH,
    )


def _texts(package: Package, enabled: Set[int], base_language: int) -> Iterable[tuple[str, str, int, str]]:
    said = {(label.component, label.column, label.lcid) for label in package.labels}
    for label in package.labels:
        if label.lcid in enabled:
            yield label.component, label.column, label.lcid, label.text
        # Everything has a name in the base language, be it a foreign one.
        in_base = (label.component, label.column, base_language)
        if label.lcid == package.base_language and in_base not in said:
            yield (*in_base, label.text)

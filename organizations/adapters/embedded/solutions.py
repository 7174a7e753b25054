"""Solutions of an embedded organization: what is installed, and whether a package could be."""

from __future__ import annotations

from uuid import UUID

from organizations import models
from organizations.packages import catalog, reader
from organizations.packages.package import Package
from organizations.packages.verdict import Objection, judge
from organizations.ports import InstalledSolution, Staged


def installed(instance_id: UUID) -> list[InstalledSolution]:
    rows = models.Solution.objects.filter(instance=instance_id).order_by("unique_name")
    return [InstalledSolution(row.unique_name, row.friendly_name, row.version) for row in rows]


def verdict(instance_id: UUID, package: Package) -> tuple[Staged, Objection | None]:
    there = {solution.unique_name: solution for solution in installed(instance_id)}
    return judge(package, there, catalog.friendly_names())


def stage(instance_id: UUID, package: bytes) -> Staged:
    staged, _ = verdict(instance_id, reader.read(package))
    return staged

"""The solutions that come with the admin center. Pure.

Packages are built from their sources when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from uuid import UUID

from organizations.languages import ENGLISH
from organizations.packages import builder, reader, samples
from organizations.packages.package import Package, Requirement
from organizations.packages.samples import WebsiteRecord

SOURCES = Path(__file__).resolve().parent / "sources"


class UnknownSolution(LookupError):
    """The admin center brings no solution of that name."""


@dataclass(frozen=True)
class Shipped:
    """A solution that can be installed: its names, version (four numbers) and prerequisites.

    One that is `by_administrator` is brought along, but installed only by a person who asks for it by name, never
    because another solution needs it.
    """

    unique_name: str
    friendly_name: str
    version: str
    requires: tuple[Requirement, ...]
    by_administrator: bool


@dataclass(frozen=True)
class SampleData:
    """Records of one portal and the language (LCID) that they are in, which need not be the one asked for."""

    lcid: int
    records: list[WebsiteRecord]


@cache
def shipped() -> tuple[Shipped, ...]:
    """Everything that comes with the admin center, prerequisites before what needs them."""
    found = {folder.name: package(folder.name) for folder in sorted(SOURCES.iterdir()) if folder.is_dir()}
    needs = {name: [required.unique_name for required in item.requires] for name, item in found.items()}
    order = (name for name in TopologicalSorter(needs).static_order() if name in found)
    return tuple(_shipped(name, found[name]) for name in order)


def _shipped(name: str, item: Package) -> Shipped:
    installed_by = builder.manifest(SOURCES / name).get("installed_by", "")
    return Shipped(name, item.friendly_name(), item.version, item.requires, installed_by == "administrator")


def find(unique_name: str) -> Shipped:
    """Raises UnknownSolution."""
    for solution in shipped():
        if solution.unique_name == unique_name:
            return solution
    raise UnknownSolution(f"There is no solution “{unique_name}” to install.")


def friendly_names() -> dict[str, str]:
    """Friendly names of all shipped solutions by unique name."""
    return {solution.unique_name: solution.friendly_name for solution in shipped()}


def install_order(unique_names: Iterable[str]) -> list[str]:
    """The solutions and all that they need, prerequisites first, in the same order each time.

    A prerequisite that an administrator installs is not in it, nor is one that we do not bring: where it is absent,
    the import of what needs it fails and names it. Raises UnknownSolution.
    """
    brought = {solution.unique_name for solution in shipped() if not solution.by_administrator}
    wanted: set[str] = set()
    open_names = list(unique_names)
    while open_names:
        name = open_names.pop()
        if name not in wanted:
            wanted.add(name)
            needs = [required.unique_name for required in find(name).requires]
            open_names += [need for need in needs if need in brought]
    return [solution.unique_name for solution in shipped() if solution.unique_name in wanted]


@cache
def load(unique_name: str) -> bytes:
    """The package as a zip file, as the organization takes it. Raises UnknownSolution."""
    folder = SOURCES / unique_name
    if not unique_name.isidentifier() or not folder.is_dir():
        raise UnknownSolution(f"There is no solution “{unique_name}” to install.")
    return builder.build(folder)


@cache
def package(unique_name: str) -> Package:
    """The same package, read. Raises UnknownSolution."""
    return reader.read(load(unique_name))


def sample_records(
    unique_name: str, *, addons: Iterable[str] = (), lcid: int, website_id: UUID
) -> SampleData:
    """Sample data of a portal's solution, of its add-ons and of what they need (docs/records.md names the attributes).

    All of it is in one language: the one asked for if the solution and each add-on has it, else English. What a
    solution says itself takes the place of what its prerequisites say under the same key. Raises UnknownSolution.
    """
    asked = [unique_name, *addons]
    used = lcid if all(lcid in package(name).samples for name in asked) else ENGLISH
    by_key = {
        sample.key: sample for name in install_order(asked) for sample in package(name).samples.get(used, ())
    }
    return SampleData(used, samples.of_website(by_key.values(), website_id))

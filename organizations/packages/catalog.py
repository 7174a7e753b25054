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
    """A solution that can be installed: its names, version (four numbers) and prerequisites."""

    unique_name: str
    friendly_name: str
    version: str
    requires: tuple[Requirement, ...]


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
    return tuple(
        Shipped(name, found[name].friendly_name(), found[name].version, found[name].requires)
        for name in order
    )


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

    A prerequisite that we do not bring is not in it: an administrator installs that, and an import without it
    says so. Raises UnknownSolution.
    """
    wanted: set[str] = set()
    open_names = list(unique_names)
    while open_names:
        name = open_names.pop()
        if name not in wanted:
            wanted.add(name)
            brought = friendly_names()
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


def sample_records(unique_name: str, *, lcid: int, website_id: UUID) -> SampleData:
    """Sample data of a solution and of what it needs, for one portal (docs/records.md names the attributes).

    All of it is in one language: the one asked for if the solution has it, else English. What the solution says
    itself takes the place of what its prerequisites say under the same key. Raises UnknownSolution.
    """
    used = lcid if lcid in package(unique_name).samples else ENGLISH
    by_key = {
        sample.key: sample
        for name in install_order([unique_name])
        for sample in package(name).samples.get(used, ())
    }
    return SampleData(used, samples.of_website(by_key.values(), website_id))

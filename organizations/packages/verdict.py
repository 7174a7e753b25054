"""Whether a package can be imported where other solutions are installed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from organizations.packages import versions
from organizations.packages.package import Package, Requirement
from organizations.ports import InstalledSolution, Staged


@dataclass(frozen=True)
class Objection:
    """Why not: a stable code, and one sentence for the administrator."""

    code: str
    message: str


def judge(
    package: Package, installed: Mapping[str, InstalledSolution], names: Mapping[str, str]
) -> tuple[Staged, Objection | None]:
    """The verdict in two forms: what `stage_solution` tells, and why an import fails (None: it does not).

    `installed` is by unique name; `names` are friendly names of solutions that may not be installed.
    """
    missing = [required for required in package.requires if not _met(required, installed)]
    problem = _older_than_installed(package, installed)
    staged = Staged(
        unique_name=package.unique_name,
        version=package.version,
        missing=tuple(f"{_name(required, installed, names)} {required.version}" for required in missing),
        problems=(problem,) if problem else (),
    )
    if missing:
        sentences = [_sentence(package, required, installed, names) for required in missing]
        return staged, Objection("missing_dependency", " ".join(sentences))
    if problem:
        return staged, Objection("older_version", problem)
    return staged, None


def _met(required: Requirement, installed: Mapping[str, InstalledSolution]) -> bool:
    there = installed.get(required.unique_name)
    return there is not None and not versions.older(there.version, required.version)


def _name(required: Requirement, installed: Mapping[str, InstalledSolution], names: Mapping[str, str]) -> str:
    if there := installed.get(required.unique_name):
        return there.friendly_name
    return names.get(required.unique_name, required.unique_name)


def _sentence(
    package: Package,
    required: Requirement,
    installed: Mapping[str, InstalledSolution],
    names: Mapping[str, str],
) -> str:
    need = f"{package.friendly_name()} needs {_name(required, installed, names)} {required.version} or later"
    if there := installed.get(required.unique_name):
        return f"{need}; version {there.version} is installed."
    return f"{need}, which is not installed."


def _older_than_installed(package: Package, installed: Mapping[str, InstalledSolution]) -> str:
    there = installed.get(package.unique_name)
    if there is None or not versions.older(package.version, there.version):
        return ""
    return (
        f"{there.friendly_name} {there.version} is installed; "
        f"the lower version {package.version} cannot be imported over it."
    )

from __future__ import annotations

import pytest

from organizations.packages import reader, versions
from organizations.packages.package import Package
from organizations.packages.verdict import judge
from organizations.ports import InstalledSolution
from tests.organizations.packaging import package, solution_xml

NAMES = {"Soil": "Good Soil"}


def fruit(version: str = "2.0.0.0", *requires: str) -> Package:
    return reader.read(package(solution=solution_xml(version=version, requires=requires)))


def there(name: str, version: str) -> dict[str, InstalledSolution]:
    return {name: InstalledSolution(name, f"My {name}", version)}


def test_nothing_stands_against_it() -> None:
    staged, objection = judge(fruit("2.0.0.0", "Soil (1.0.0.0)"), there("Soil", "1.0.0.0"), NAMES)
    assert (staged.missing, staged.problems, objection) == ((), (), None)


def test_an_absent_prerequisite_is_named() -> None:
    staged, objection = judge(fruit("2.0.0.0", "Soil (1.0.0.0)"), {}, NAMES)
    assert staged.missing == ("Good Soil 1.0.0.0",)
    assert objection is not None
    assert objection.message == "Fruit basket needs Good Soil 1.0.0.0 or later, which is not installed."


def test_a_prerequisite_that_is_too_old_is_named() -> None:
    _, objection = judge(fruit("2.0.0.0", "Soil (1.10.0.0)"), there("Soil", "1.9.0.0"), NAMES)
    assert objection is not None
    assert objection.message == "Fruit basket needs My Soil 1.10.0.0 or later; version 1.9.0.0 is installed."


def test_a_lower_version_is_refused() -> None:
    staged, objection = judge(fruit("1.9.0.0"), there("Fruit", "1.10.0.0"), NAMES)
    assert objection is not None
    assert objection.code == "older_version"
    assert staged.problems == (objection.message,)


def test_the_same_version_is_fine() -> None:
    assert judge(fruit("1.0.0.0"), there("Fruit", "1.0.0.0"), NAMES)[1] is None


@pytest.mark.parametrize(
    ("one", "other"), [("1.9.0.0", "1.10.0.0"), ("9.0.0.9", "9.0.1.0"), ("0.9.9.9", "1.0.0.0")]
)
def test_versions_are_compared_as_numbers(one: str, other: str) -> None:
    assert versions.older(one, other)
    assert not versions.older(other, one)

"""The Web API knows every table and column that the product itself writes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from organizations import demo
from organizations.facade.definitions import Type, entities, sets
from organizations.packages import builder, catalog

RECORDS = Path(__file__).resolve().parents[2] / "docs" / "records.md"


def unknown(entity: str, attributes: dict[str, Any]) -> list[str]:
    if entity not in entities():
        return [entity]
    columns = entities()[entity].columns
    return [f"{entity}.{name}" for name in attributes if name not in columns]


@pytest.mark.parametrize("solution", [solution.unique_name for solution in catalog.shipped()])
def test_sample_data(solution: str) -> None:
    missing = {
        name
        for samples in catalog.package(solution).samples.values()
        for sample in samples
        for name in unknown(sample.entity, {**sample.attributes, **sample.references})
    }
    assert missing == set()


@pytest.mark.parametrize("solution", [solution.unique_name for solution in catalog.shipped()])
def test_tables_that_solutions_bring(solution: str) -> None:
    assert set(builder.manifest(catalog.SOURCES / solution)["root_components"]) <= set(entities())


def test_the_demos_records() -> None:
    source = tomllib.loads(Path(demo.__file__).with_suffix(".toml").read_text())
    missing = {
        name
        for instance in source["instances"]
        for record in instance["records"]
        for name in unknown(record["entity"], {**record["attributes"], **record.get("references", {})})
    }
    assert missing == set()


def test_documented_records_of_a_portal() -> None:
    rows = re.findall(r"^\| `(adx_\w+)` \| (.+) \|$", RECORDS.read_text(), re.MULTILINE)
    missing = [
        name
        for entity, text in rows
        for name in unknown(entity, dict.fromkeys(re.findall(r"`(adx_\w+)`", text)))
    ]
    assert rows
    assert missing == []


def test_entity_sets_are_named_once() -> None:
    assert len(sets()) == len(entities())


def test_lookups_lead_to_tables() -> None:
    outside = {"systemuser"}
    for entity in entities().values():
        for column in entity.columns.values():
            assert set(column.targets) <= set(entities()) | outside
            assert bool(column.targets) == (column.type is Type.LOOKUP)

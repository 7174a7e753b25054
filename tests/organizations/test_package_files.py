"""The packages as any other program sees them: a zip file with XML and JSON in it, read without our reader."""

from __future__ import annotations

import json
import re
import zipfile
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest

from organizations.packages import catalog

LANGUAGES = {1033, 1031, 1036, 3082, 1046, 1040, 1043, 1041}
NEEDS = {
    "PortalBase": set(),
    "CustomerSelfServicePortal": {"PortalBase (9.0.0.0)"},
    "CustomPortal": {"PortalBase (9.0.0.0)"},
    "EmployeeSelfServicePortal": {"PortalBase (9.0.0.0)"},
    "PartnerPortal": {"PortalBase (9.0.0.0)"},
    "CommunityPortal": {"PortalBase (9.0.0.0)"},
    "FieldService": set(),
    "ProjectServiceAutomation": set(),
    "PartnerFieldService": {"PartnerPortal (9.0.0.0)", "FieldService (8.0.0.0)"},
    "PartnerProjectService": {"PartnerPortal (9.0.0.0)", "ProjectServiceAutomation (3.0.0.0)"},
}
WITHOUT_SAMPLES = {"FieldService", "ProjectServiceAutomation"}


def opened(name: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(BytesIO(catalog.load(name)))


def xml(name: str, file: str) -> ET.Element:
    # Our own file, and the point is a plain parser.
    with opened(name) as package:
        return ET.fromstring(package.read(file))  # noqa: S314


def test_these_are_all_packages() -> None:
    assert set(catalog.friendly_names()) == set(NEEDS)


@pytest.mark.parametrize("name", NEEDS)
class TestPackage:
    def test_it_is_whole(self, name: str) -> None:
        with opened(name) as package:
            assert package.testzip() is None
            for file in package.namelist():
                if file.endswith(".xml"):
                    xml(name, file)

    def test_the_manifest_names_it_and_what_it_needs(self, name: str) -> None:
        root = xml(name, "solution.xml")
        assert root.findtext("SolutionManifest/UniqueName") == name
        assert root.findtext("SolutionManifest/Managed") == "1"
        assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", root.findtext("SolutionManifest/Version", ""))
        assert {required.get("solution") for required in root.iter("Required")} == NEEDS[name]

    def test_what_it_needs_is_shipped_in_a_version_that_suffices(self, name: str) -> None:
        for required in catalog.find(name).requires:
            shipped, needed = (
                [int(number) for number in version.split(".")]
                for version in (catalog.find(required.unique_name).version, required.version)
            )
            assert shipped >= needed

    def test_its_names_are_in_every_language(self, name: str) -> None:
        manifest = xml(name, "solution.xml")
        for tag in ("LocalizedName", "Description"):
            texts = manifest.findall(f"SolutionManifest/{tag}s/{tag}")
            assert {int(text.get("languagecode", "")) for text in texts} == LANGUAGES
            assert all(text.get("description") for text in texts)

    def test_its_sample_data_is_in_every_language(self, name: str) -> None:
        with opened(name) as package:
            data = {file: json.loads(package.read(file)) for file in package.namelist() if "data/" in file}
        languages = set() if name in WITHOUT_SAMPLES else LANGUAGES
        assert data.keys() == {f"data/{lcid}.json" for lcid in languages}
        keys = [sorted(item["key"] for item in items) for items in data.values()]
        assert all(same == keys[0] for same in keys)

"""Reads a solution package and believes nothing. Pure: neither Django nor a database.

Everything that is wrong with a package comes out as `Rejected` with code "bad_package" and one sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from organizations.packages import translations, versions
from organizations.packages.archive import BadArchive, unpack
from organizations.packages.package import LabelText, Package, Requirement, SampleRecord
from organizations.ports import Rejected

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_XML_BYTES = 20 * 1024 * 1024
# Tags cost memory, however short they are: so many are some 100 MB.
MAX_XML_MARKS = 1_500_000
MAX_XML_ATTRIBUTES = 600_000  # the same of attributes, which one tag may have as many of as it likes
MAX_SAMPLE_BYTES = 5 * 1024 * 1024
MAX_LABELS = 50_000
# Dynamics 365 refuses longer labels, too.
MAX_LABEL_LENGTH = 500

_UNIQUE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_NAME_AND_VERSION = re.compile(r"(?P<name>\S+) \((?P<version>[0-9.]+)\)")
_SAMPLES = re.compile(r"data/(?P<lcid>\d{1,6})\.json", re.ASCII)


def read(data: bytes) -> Package:
    """The package in these bytes. Raises Rejected(code="bad_package")."""
    try:
        return _read(unpack(data))
    except (BadArchive, _Unfit) as problem:
        raise Rejected(f"The package {problem}", code="bad_package") from problem


def read_translations(data: bytes) -> tuple[LabelText, ...]:
    """The texts of a translation file, a zip with a CrmTranslations.xml. Raises Rejected(code="bad_translations")."""
    try:
        files = unpack(data)
        _xml(files, "CrmTranslations.xml")
        return _labels(files)
    except (BadArchive, _Unfit) as problem:
        raise Rejected(f"The file {problem}", code="bad_translations") from problem


class _Unfit(ValueError):
    """The message ends a sentence that begins with "The package"."""


def _read(files: Mapping[str, bytes]) -> Package:
    root = _xml(files, "solution.xml")
    manifest = root.find("SolutionManifest")
    if root.tag != "ImportExportXml" or manifest is None:
        raise _Unfit("has a solution.xml without a manifest.")
    return Package(
        unique_name=_unique_name(manifest),
        version=_version(manifest.findtext("Version", "").strip()),
        base_language=_lcid(root.get("languagecode", "1033")),
        managed=manifest.findtext("Managed", "").strip() == "1",
        names={
            _lcid(name.get("languagecode", "")): name.get("description", "")[:200]
            for name in manifest.iterfind("LocalizedNames/LocalizedName")
        },
        requires=_requirements(manifest),
        labels=_labels(files),
        samples=_samples(files),
    )


def _xml(files: Mapping[str, bytes], name: str) -> Element:
    content = files.get(name)
    if content is None:
        raise _Unfit(f"has no {name}.")
    if len(content) > MAX_XML_BYTES:
        raise _Unfit(f"has a {name} of more than {MAX_XML_BYTES // 1024**2} MB.")
    if content.count(b"<") > MAX_XML_MARKS or content.count(b"=") > MAX_XML_ATTRIBUTES:
        raise _Unfit(f"has a {name} with more parts than a solution needs.")
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise _Unfit(f"has a {name} that is not plain, well-formed XML.") from error
    return root


def _unique_name(manifest: Element) -> str:
    name = manifest.findtext("UniqueName", "").strip()
    if not _UNIQUE_NAME.fullmatch(name):
        raise _Unfit("has no proper unique name.")
    return name


def _version(text: str) -> str:
    try:
        versions.parse(text)
    except ValueError as error:
        raise _Unfit(f"names a version that is not four numbers: “{text[:40]}”.") from error
    return text


def _lcid(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
        raise _Unfit(f"names a language that is not an LCID: “{text[:40]}”.")
    return int(text)


def _requirements(manifest: Element) -> tuple[Requirement, ...]:
    # A package names each component it misses, so one solution comes up often: its highest version counts.
    highest: dict[str, str] = {}
    for required in manifest.iterfind("MissingDependencies/MissingDependency/Required"):
        match = _NAME_AND_VERSION.fullmatch(required.get("solution", "").strip())
        if match is None or not _UNIQUE_NAME.fullmatch(match["name"]):
            raise _Unfit("names a prerequisite without its solution and version.")
        version = _version(match["version"])
        known = highest.setdefault(match["name"], version)
        if versions.older(known, version):
            highest[match["name"]] = version
    return tuple(Requirement(name, version) for name, version in highest.items())


def _labels(files: Mapping[str, bytes]) -> tuple[LabelText, ...]:
    if "CrmTranslations.xml" not in files:
        return ()
    labels: dict[tuple[str, str, int], LabelText] = {}
    try:
        for label in translations.read(_xml(files, "CrmTranslations.xml")):
            _check_label(label)
            labels[label.component, label.column, label.lcid] = label
            if len(labels) > MAX_LABELS:
                raise _Unfit(f"has more than {MAX_LABELS} labels.")
    except _Unfit:
        raise
    except ValueError as error:
        raise _Unfit(f"has a CrmTranslations.xml that cannot be used: {error}.") from error
    return tuple(labels.values())


def _check_label(label: LabelText) -> None:
    if len(label.text) > MAX_LABEL_LENGTH:
        where = f"{label.component[:80]} {label.column[:80]}"
        raise _Unfit(f"has a label of more than {MAX_LABEL_LENGTH} characters: {where}.")
    if len(label.component) > 200 or len(label.column) > 100 or label.lcid > 999_999:
        raise _Unfit("labels something whose name is too long.")


def _samples(files: Mapping[str, bytes]) -> dict[int, tuple[SampleRecord, ...]]:
    samples = {}
    if sum(len(content) for name, content in files.items() if _SAMPLES.fullmatch(name)) > MAX_SAMPLE_BYTES:
        raise _Unfit(f"has more than {MAX_SAMPLE_BYTES // 1024**2} MB of sample data.")
    for name, content in files.items():
        if match := _SAMPLES.fullmatch(name):
            try:
                samples[int(match["lcid"])] = tuple(_sample(item) for item in json.loads(content))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                raise _Unfit(f"has sample data that cannot be used: {name}.") from error
    return samples


def _sample(item: Mapping[str, Any]) -> SampleRecord:
    sample = SampleRecord(
        entity=item["entity"],
        key=item["key"],
        attributes=dict(item["attributes"]),
        references=dict(item.get("references", {})),
    )
    if not isinstance(sample.entity, str) or not isinstance(sample.key, str):
        raise TypeError("an entity and a key are texts")
    return sample

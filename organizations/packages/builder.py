"""Builds a solution package from its readable sources. Pure.

A folder of sources holds `package.toml` (names, version, prerequisites), `labels.toml` (texts by language) and,
if it brings sample data, `samples/` (see `organizations.packages.samples`). The languages of the package's names are
those of all its texts; sources that leave one out are refused. The same sources make the same bytes.
"""

from __future__ import annotations

import io
import json
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from organizations.packages import completeness, samples, translations
from organizations.packages.package import LabelText

# The earliest moment that a zip file can name: contents decide the bytes, not the day of the build.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def build(folder: Path) -> bytes:
    """The zip file. Raises Incomplete when a language lacks a text, and OSError or KeyError for lesser sources."""
    source = manifest(folder)
    labels = list(_labels(_toml(folder / "labels.toml"), languages=source["names"]))
    files = {
        "[Content_Types].xml": _content_types(),
        "solution.xml": _solution(source),
        "customizations.xml": _customizations(source, labels),
        "CrmTranslations.xml": translations.write(labels, base_language=source["base_language"]),
    }
    if (folder / "samples").is_dir():
        for lcid, records in samples.expand(folder / "samples").items():
            files[f"data/{lcid}.json"] = json.dumps(records, ensure_ascii=False, indent=1).encode()
    return _zip(files)


def manifest(folder: Path) -> dict[str, Any]:
    """What `package.toml` says. Raises OSError, and Incomplete when a language lacks a text."""
    source = _toml(folder / "package.toml")
    for name in ("names", "descriptions"):
        completeness.said(f"{folder.name}, {name},", source[name], keys=source["names"])
    return source


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=_NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0  # the default differs between operating systems
            archive.writestr(entry, content)
    return buffer.getvalue()


def _labels(texts: Mapping[str, Any], *, languages: Iterable[str]) -> Iterable[LabelText]:
    for component, columns in texts.items():
        for column, by_language in columns.items():
            completeness.said(f"The label {component}.{column}", by_language, keys=languages)
            for lcid, text in by_language.items():
                yield LabelText(component, column, int(lcid), text)


def _xml(root: ET.Element) -> bytes:
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text or None
    return element


def _content_types() -> bytes:
    namespace = "http://schemas.openxmlformats.org/package/2006/content-types"
    root = ET.Element("Types", {"xmlns": namespace})
    for extension, kind in (("xml", "application/octet-stream"), ("json", "application/json")):
        _add(root, "Default", Extension=extension, ContentType=kind)
    return _xml(root)


def _solution(source: Mapping[str, Any]) -> bytes:
    root = ET.Element(
        "ImportExportXml",
        {
            "version": source["version"],
            "SolutionPackageVersion": ".".join(source["version"].split(".")[:2]),
            "languagecode": str(source["base_language"]),
            "generatedBy": "PortalAdminCenter",
        },
    )
    manifest = _add(root, "SolutionManifest")
    _add(manifest, "UniqueName", source["unique_name"])
    _localized(_add(manifest, "LocalizedNames"), "LocalizedName", source["names"])
    _localized(_add(manifest, "Descriptions"), "Description", source["descriptions"])
    _add(manifest, "Version", source["version"])
    _add(manifest, "Managed", "1")
    publisher = _add(manifest, "Publisher")
    _add(publisher, "UniqueName", "portaladmincenter")
    _localized(_add(publisher, "LocalizedNames"), "LocalizedName", {"1033": "Portal Admin Center"})
    _add(publisher, "CustomizationPrefix", "adx")
    components = _add(manifest, "RootComponents")
    for name in source["root_components"]:
        _add(components, "RootComponent", type="1", schemaName=name, behavior="0")
    missing = _add(manifest, "MissingDependencies")
    for required in source.get("requires", ()):
        _missing_dependency(missing, required, source)
    return _xml(root)


def _missing_dependency(parent: ET.Element, required: Mapping[str, str], source: Mapping[str, Any]) -> None:
    dependency = _add(parent, "MissingDependency")
    _add(
        dependency,
        "Required",
        type="1",
        schemaName=required["component"],
        displayName=required["display_name"],
        solution=f"{required['solution']} ({required['version']})",
    )
    _add(dependency, "Dependent", type="1", schemaName=source["root_components"][0])


def _localized(parent: ET.Element, tag: str, texts: Mapping[str, str]) -> None:
    for lcid, text in texts.items():
        _add(parent, tag, description=text, languagecode=lcid)


def _customizations(source: Mapping[str, Any], labels: Iterable[LabelText]) -> bytes:
    base = source["base_language"]
    names = {
        label.component: label.text
        for label in labels
        if label.lcid == base and label.column == "LocalizedName"
    }
    root = ET.Element("ImportExportXml")
    entities = _add(root, "Entities")
    for name in source["root_components"]:
        entity = _add(entities, "Entity")
        _add(entity, "Name", name, LocalizedName=names.get(name, ""), OriginalName="")
    languages = _add(root, "Languages")
    _add(languages, "Language", str(base))
    return _xml(root)

"""Packages for tests, from good to bad."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from organizations.packages import translations
from organizations.packages.package import LabelText


def solution_xml(
    *,
    unique_name: str = "Fruit",
    version: str = "1.2.3.4",
    requires: tuple[str, ...] = (),
    language: str = "1033",
) -> str:
    missing = "".join(
        f"<MissingDependency><Required solution={quoteattr(required)}/></MissingDependency>"
        for required in requires
    )
    return (
        f'<ImportExportXml languagecode="{language}"><SolutionManifest>'
        f"<UniqueName>{unique_name}</UniqueName>"
        f'<LocalizedNames><LocalizedName description="Fruit basket" languagecode="{language}"/></LocalizedNames>'
        f"<Version>{version}</Version><Managed>1</Managed>"
        f"<MissingDependencies>{missing}</MissingDependencies>"
        "</SolutionManifest></ImportExportXml>"
    )


def labelled(*labels: LabelText, base_language: int = 1033) -> bytes:
    return translations.write(labels, base_language=base_language)


def package(files: Mapping[str, str | bytes] | None = None, *, solution: str | None = None) -> bytes:
    """A zip file with a good solution.xml, unless another is given, and these files."""
    return zipped({"solution.xml": solution or solution_xml(), **(files or {})})


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()

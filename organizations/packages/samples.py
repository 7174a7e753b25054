"""Sample data of a package: from its readable sources to records, and from there to those of one portal. Pure.

`samples/structure.toml` says which pages, links and settings there are; `samples/<LCID>/texts.toml` and the
`<page>.html` beside it say it in one language. A language lacks nothing that the structure names, and no snippet that
another language has.

An add-on to a portal has samples, too: its pages may name a page of that portal as their parent, its links may go into
that portal's link sets, and `after` in its structure moves both behind what the portal has.
"""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from organizations.packages import completeness
from organizations.packages.package import SampleRecord

# As JSON in the package: entity, key, attributes, references.
Item = dict[str, Any]
# As the organization takes it: entity, id, attributes.
WebsiteRecord = tuple[str, uuid.UUID, dict[str, Any]]


def expand(folder: Path) -> dict[int, list[Item]]:
    """Items by LCID, from the sources. Raises Incomplete when a language lacks a text."""
    structure = _toml(folder / "structure.toml")
    languages = {child: _toml(child / "texts.toml") for child in sorted(folder.iterdir()) if child.is_dir()}
    snippets = {name for texts in languages.values() for name in texts.get("snippets", ())}
    for language, texts in languages.items():
        _check(structure, language, texts, snippets)
    return {
        int(language.name): list(_items(structure, language, texts)) for language, texts in languages.items()
    }


def of_website(samples: Iterable[SampleRecord], website_id: uuid.UUID) -> list[WebsiteRecord]:
    """The records of one portal. Their ids follow from the website's, so that a second load makes nothing new."""

    def place(key: str) -> uuid.UUID:
        return uuid.uuid5(website_id, key)

    return [
        (
            sample.entity,
            place(sample.key),
            {
                **sample.attributes,
                "adx_websiteid": str(website_id),
                **{attribute: str(place(key)) for attribute, key in sample.references.items()},
            },
        )
        for sample in samples
    ]


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _check(
    structure: Mapping[str, Any], folder: Path, texts: Mapping[str, Any], snippets: Iterable[str]
) -> None:
    where = f"{folder.parent.parent.name}, sample data {folder.name},"
    pages = {page["key"] for page in structure.get("pages", ())}
    completeness.same(where, expected=pages, found=texts.get("pages", ()))
    for key, words in texts.get("pages", {}).items():
        completeness.said(f"{where} page {key}", words, keys=("name", "title", "summary"))
    copies = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}
    completeness.said(f"{where} copy", copies, keys=pages)
    completeness.said(f"{where} snippets", texts.get("snippets", {}), keys=snippets)


def _items(structure: Mapping[str, Any], folder: Path, texts: Mapping[str, Any]) -> Iterator[Item]:
    first = structure.get("after", 0) + 1
    for order, page in enumerate(structure.get("pages", ()), start=first):
        yield _page(page, order, texts["pages"][page["key"]], folder)
    for link_set in structure.get("link_sets", ()):
        yield from _link_set(link_set, first, texts["pages"])
    for name, value in texts.get("snippets", {}).items():
        yield _named("adx_contentsnippet", "snippet", name, value)
    for name, value in structure.get("settings", {}).items():
        yield _named("adx_sitesetting", "setting", name, value)


def _page(page: Mapping[str, Any], order: int, texts: Mapping[str, str], folder: Path) -> Item:
    copy = (folder / f"{page['key']}.html").read_text(encoding="utf-8").strip()
    return {
        "entity": "adx_webpage",
        "key": f"page:{page['key']}",
        "attributes": {
            "adx_name": texts["name"],
            "adx_partialurl": page["url"],
            "adx_title": texts["title"],
            "adx_summary": texts["summary"],
            "adx_copy": copy,
            "adx_displayorder": order,
            "adx_hiddenfromsitemap": page.get("hidden", False),
            "adx_publishingstate": "Published",
            "adx_pagetemplate": page.get("template", "Page"),
        },
        "references": {"adx_parentpageid": f"page:{page['parent']}"} if "parent" in page else {},
    }


def _link_set(
    link_set: Mapping[str, Any], first: int, pages: Mapping[str, Mapping[str, str]]
) -> Iterator[Item]:
    key = f"links:{link_set['name']}"
    yield {
        "entity": "adx_weblinkset",
        "key": key,
        "attributes": {"adx_name": link_set["name"]},
        "references": {},
    }
    for order, page in enumerate(link_set["pages"], start=first):
        yield {
            "entity": "adx_weblink",
            "key": f"{key}:{page}",
            "attributes": {"adx_name": pages[page]["name"], "adx_displayorder": order},
            "references": {"adx_weblinksetid": key, "adx_pageid": f"page:{page}"},
        }


def _named(entity: str, prefix: str, name: str, value: str) -> Item:
    return {
        "entity": entity,
        "key": f"{prefix}:{name}",
        "attributes": {"adx_name": name, "adx_value": value},
        "references": {},
    }

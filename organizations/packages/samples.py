"""Sample data of a package: from its readable sources to records, and from there to those of one portal. Pure.

`samples/structure.toml` says which pages, links and settings there are; `samples/<LCID>/texts.toml` and the
`<page>.html` beside it say it in one language. A language lacks nothing that the structure names.
"""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from organizations.packages.package import SampleRecord

# As JSON in the package: entity, key, attributes, references.
Item = dict[str, Any]
# As the organization takes it: entity, id, attributes.
WebsiteRecord = tuple[str, uuid.UUID, dict[str, Any]]


def expand(folder: Path) -> dict[int, list[Item]]:
    """Items by LCID, from the sources. Raises KeyError for a text that a language lacks."""
    structure = _toml(folder / "structure.toml")
    languages = sorted(child for child in folder.iterdir() if child.is_dir())
    return {int(language.name): list(_items(structure, language)) for language in languages}


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


def _items(structure: Mapping[str, Any], folder: Path) -> Iterator[Item]:
    texts = _toml(folder / "texts.toml")
    for order, page in enumerate(structure.get("pages", ()), start=1):
        yield _page(page, order, texts["pages"][page["key"]], folder)
    for link_set in structure.get("link_sets", ()):
        yield from _link_set(link_set, texts["pages"])
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


def _link_set(link_set: Mapping[str, Any], pages: Mapping[str, Mapping[str, str]]) -> Iterator[Item]:
    key = f"links:{link_set['name']}"
    yield {
        "entity": "adx_weblinkset",
        "key": key,
        "attributes": {"adx_name": link_set["name"]},
        "references": {},
    }
    for order, page in enumerate(link_set["pages"], start=1):
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

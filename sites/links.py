"""Links of the navigation and the footer. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from organizations.ports import Record
from sites.attributes import order, reference, text
from sites.tree import PageTree


@dataclass(frozen=True)
class Link:
    """A link as it is shown. `page_id` is None for one that leads elsewhere."""

    name: str
    href: str
    page_id: UUID | None = None


def link_sets(sets: Iterable[Record], links: Iterable[Record], tree: PageTree) -> dict[str, tuple[Link, ...]]:
    """The links by the name of their set, in order. A link to a page that visitors cannot reach is left out."""
    by_set: dict[UUID | None, list[Link]] = defaultdict(list)
    for record in sorted(links, key=order):
        if link := _link(record, tree):
            by_set[reference(record, "adx_weblinksetid")].append(link)
    return {text(record, "adx_name"): tuple(by_set[record.id]) for record in sorted(sets, key=order)}


def safe_address(address: str) -> str | None:
    """The address if a visitor may be sent there: a path of this portal, http(s), mail or telephone; else None."""
    # Browsers drop control characters and take a backslash for a slash, so what we judge must not hold any.
    if not address.isprintable() or "\\" in address or " " in address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if not parts.scheme:
        return address if address.startswith("/") and not address.startswith("//") else None
    if parts.scheme in ("http", "https"):
        return address if parts.netloc else None
    return address if parts.scheme in ("mailto", "tel") and parts.path else None


def _link(record: Record, tree: PageTree) -> Link | None:
    name, page_id = text(record, "adx_name"), reference(record, "adx_pageid")
    href = tree.href(page_id) if page_id else safe_address(text(record, "adx_externalurl"))
    return Link(name, href, page_id) if name and href else None

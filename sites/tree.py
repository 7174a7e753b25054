"""The tree of a portal's pages: which path leads to which page, and the other way. Pure.

Only what is reached from the home page over published pages is in the tree. Pages in a circle, pages whose parent
is a draft or is gone, and their descendants therefore have no path, no link and no entry in any list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import quote
from uuid import UUID

from organizations.ports import Record
from sites.attributes import order
from sites.pages import Page, page_of, segment_key


class PageTree:
    """The pages of one website that visitors can reach, by path and by id."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.home: Page | None = None
        self._children: dict[UUID, list[Page]] = defaultdict(list)
        self._by_key: dict[tuple[str, ...], Page] = {}
        self._keys: dict[UUID, tuple[str, ...]] = {}
        self._segments: dict[UUID, tuple[str, ...]] = {}
        children: dict[UUID | None, list[Page]] = defaultdict(list)
        for record in sorted(records, key=order):
            if page := page_of(record):
                children[page.parent_id].append(page)
        if roots := children[None]:
            self.home = roots[0]
            self._grow(roots[0], children)

    def _grow(self, home: Page, children: dict[UUID | None, list[Page]]) -> None:
        """Walks down from home. A page has one parent and home has none, so no page comes up twice."""
        self._add(home, (), ())
        waiting = [home]
        while waiting:
            parent = waiting.pop()
            for page in children[parent.id]:
                key = (*self._keys[parent.id], segment_key(page.segment))
                # Two pages of one path: the one that is listed first has it.
                if key not in self._by_key:
                    self._add(page, key, (*self._segments[parent.id], page.segment))
                    self._children[parent.id].append(page)
                    waiting.append(page)

    def _add(self, page: Page, key: tuple[str, ...], segments: tuple[str, ...]) -> None:
        self._by_key[key] = page
        self._keys[page.id] = key
        self._segments[page.id] = segments

    def find(self, path: str) -> Page | None:
        """The page at a path, which begins with a slash, is not percent-encoded, and may lack the slash at its end."""
        inner = path.removeprefix("/").removesuffix("/")
        if path in ("", "/"):
            return self.home
        return self._by_key.get(tuple(segment_key(segment) for segment in inner.split("/")))

    def href(self, page_id: UUID | None) -> str | None:
        """The canonical path of a page, percent-encoded, with a slash at its end; None if nothing leads there."""
        if page_id is None or page_id not in self._segments:
            return None
        return "/" + "".join(f"{quote(segment, safe='')}/" for segment in self._segments[page_id])

    def listed_children(self, page: Page) -> list[Page]:
        """Pages below it that are not hidden, in their order."""
        return [child for child in self._children[page.id] if not child.hidden]

    def ancestors(self, page: Page) -> list[Page]:
        """From home down to the page's parent."""
        key = self._keys[page.id]
        return [self._by_key[key[:depth]] for depth in range(len(key))]

    def listed(self) -> Iterator[Page]:
        """All pages that are not hidden, parents before their children."""
        return (page for page in self._by_key.values() if not page.hidden)

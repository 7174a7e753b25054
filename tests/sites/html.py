"""What a browser sees of a page."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Protocol

_VOID = set("area base br col embed hr img input link meta source track wbr".split())


class Response(Protocol):
    """An answer, from the view itself or through Django's test client."""

    @property
    def content(self) -> bytes: ...


class Seen(HTMLParser):
    """Tags with their attributes, in order, and the text of each kind of element."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self._texts: list[tuple[tuple[str, ...], str]] = []
        self.feed(response.content.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._texts.append((tuple(self._open), data))

    def text(self, tag: str) -> str:
        """All text inside elements of that name, with single spaces."""
        return " ".join("".join(text for inside, text in self._texts if tag in inside).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        """Attributes of the elements of that name."""
        return [attributes for name, attributes in self.tags if name == tag]

    def hrefs(self) -> list[str]:
        """Where its links lead."""
        return [attributes["href"] for attributes in self.all("a") if "href" in attributes]

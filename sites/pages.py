"""One page of a portal. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from uuid import UUID

from organizations.ports import Record
from sites.attributes import reference, text

HOME_URL = "/"
PUBLISHED = "Published"


@dataclass(frozen=True)
class Page:
    """A web page (`adx_webpage`) that is published. `copy` is HTML as it was written: not sanitised yet."""

    id: UUID
    parent_id: UUID | None
    segment: str
    name: str
    title: str
    summary: str
    copy: str
    hidden: bool
    template: str

    @property
    def is_home(self) -> bool:
        return self.segment == HOME_URL


def page_of(record: Record) -> Page | None:
    """The page that a record describes; None for a draft, and for one that no path can lead to."""
    segment = text(record, "adx_partialurl")
    parent_id = reference(record, "adx_parentpageid")
    if text(record, "adx_publishingstate") != PUBLISHED:
        return None
    # Home alone has no parent, and no other page is called "/". A parent that is no id is not the same as none.
    if segment == HOME_URL:
        if record.attributes.get("adx_parentpageid"):
            return None
    elif parent_id is None or not _is_segment(segment):
        return None
    name = text(record, "adx_name")
    return Page(
        id=record.id,
        parent_id=parent_id,
        segment=segment,
        name=name or text(record, "adx_title") or segment,
        title=text(record, "adx_title") or name or segment,
        summary=text(record, "adx_summary"),
        copy=text(record, "adx_copy"),
        hidden=record.attributes.get("adx_hiddenfromsitemap") is True,
        template=text(record, "adx_pagetemplate"),
    )


def segment_key(segment: str) -> str:
    """Segments with the same key are the same: letters' case and Unicode's spellings make no difference."""
    return unicodedata.normalize("NFC", segment).casefold()


def _is_segment(segment: str) -> bool:
    """Whether browsers leave it as it is: they resolve dots, and a slash or a backslash would be two segments."""
    return (
        segment not in ("", ".", "..")
        and not {"/", "\\"} & set(segment)
        and segment.isprintable()
        # A lone surrogate can be neither sent nor quoted.
        and not any("\ud800" <= char <= "\udfff" for char in segment)
    )

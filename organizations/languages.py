"""Languages by LCID, the number by which Dynamics 365 names a language. Pure: no Django.

Source of the numbers: the table of Windows locales in Python's `locale`; of the names: CLDR through Babel.
"""

from __future__ import annotations

import locale
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError

ENGLISH = 1033

# Arabic and Hebrew: portals are not offered in them (mission, "Select Portal Language").
NOT_FOR_PORTALS = frozenset({1025, 1037})

# Two scripts share one name in Python's table, which CLDR does not know.
_CORRECTED = {3098: "sr_Cyrl_RS", 2074: "sr_Latn_RS"}


@dataclass(frozen=True)
class LanguageInfo:
    """One language. `tag` is BCP 47 ("pt-BR"), `direction` "ltr" or "rtl" as HTML's `dir` wants it."""

    lcid: int
    name: str
    native_name: str
    tag: str
    direction: str

    def name_in(self, language: str) -> str:
        """Its name in another language (a tag)."""
        known = _parse(self.tag.replace("-", "_"))
        return (known.get_display_name(language) if known else None) or self.name


@cache
def language(lcid: int) -> LanguageInfo:
    """What is known of a language. A number that nobody knows gets itself as its name and no tag ("und")."""
    identifier = _CORRECTED.get(lcid) or locale.windows_locale.get(lcid)
    known = _parse(identifier) if identifier else None
    if known is None:
        return LanguageInfo(lcid, f"Language {lcid}", f"Language {lcid}", "und", "ltr")
    native = known.get_display_name() or str(known)
    return LanguageInfo(
        lcid=lcid,
        name=known.get_display_name("en") or str(known),
        # CLDR gives names as they stand inside a sentence; ours stand alone.
        native_name=native[:1].upper() + native[1:],
        tag=str(known).replace("_", "-"),
        direction=known.text_direction,
    )


def for_portals(lcids: Iterable[int]) -> list[LanguageInfo]:
    """Those of the languages that a portal may have, by English name."""
    offered = (language(lcid) for lcid in set(lcids) - NOT_FOR_PORTALS)
    return sorted(offered, key=lambda info: info.name)


def _parse(identifier: str) -> Locale | None:
    try:
        return Locale.parse(identifier)
    except (UnknownLocaleError, ValueError):
        return None

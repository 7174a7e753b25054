"""In which language a portal speaks to one visitor: its own, or another enabled one that the visitor chose.

What was written for the portal stays in the language that it was written in. The words of the frame, and the labels
that the organization has for its parts, are in the chosen one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from jobs.errors import Permanent
from organizations.languages import ENGLISH, LanguageInfo, language
from organizations.queries import languages_offered
from sites.site import Site
from sites.words import Words, words

COOKIE = "portal_language"
PARAMETER = "lang"
_A_YEAR = 365 * 86400


@dataclass(frozen=True)
class Spoken:
    """`info` is the language for this visitor; `offered` are those to choose from, by their own names."""

    info: LanguageInfo
    content: LanguageInfo
    offered: tuple[LanguageInfo, ...]

    @property
    def is_contents(self) -> bool:
        """The language that the portal's own texts are in."""
        return self.info == self.content

    @property
    def words(self) -> Words:
        return words(self.info.tag)

    @property
    def of_words(self) -> LanguageInfo:
        """The language that the words are in, which is English where we lack the visitor's."""
        return self.info if self.info.tag.startswith(self.words.tag) else language(ENGLISH)

    @property
    def choices(self) -> tuple[LanguageInfo, ...]:
        """For a switch; one language is no choice."""
        return self.offered if len(self.offered) > 1 else ()


def spoken(request: HttpRequest, site: Site) -> Spoken:
    """One query."""
    assert site.portal.instance is not None
    offered = [language(known.lcid) for known in languages_offered(site.portal.instance)]
    asked = request.COOKIES.get(COOKIE, "")
    chosen = next((info for info in offered if info.tag == asked), site.language)
    return Spoken(chosen, site.language, tuple(sorted(offered, key=lambda info: info.native_name)))


def remember(response: HttpResponse, tag: str) -> HttpResponse:
    """The visitor's choice, for the next pages. One that makes no sense is not taken up when it comes back."""
    response.set_cookie(
        COOKIE,
        tag[:20],
        max_age=_A_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def labels_of(site: Site, info: LanguageInfo) -> Mapping[str, str]:
    """What the organization calls a page in that language, by column; empty where it has no word for it."""
    try:
        return site.organization.labels("adx_webpage", info.lcid)
    except Permanent:  # it does not know the table, say; a page does not fail over a word
        return {}

"""What surrounds every page of a portal: title, navigation, footer, and the words of its landmarks."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from organizations.languages import LanguageInfo
from sites.content import FOOTER, NAVIGATION, Content
from sites.links import Link
from sites.markup import clean
from sites.site import Site
from sites.spoken import Spoken


@dataclass(frozen=True)
class Frame:
    """Content snippets, or our own words where there are none. Texts are escaped by the template.

    `language` is that of the content and of what links are called, `words_in` that of the frame's own words, and
    `labels_in` that of the organization's labels.
    """

    language: LanguageInfo
    words_in: LanguageInfo
    labels_in: LanguageInfo
    languages: tuple[LanguageInfo, ...]
    languages_label: str
    title: str
    navigation: tuple[Link, ...]
    footer: tuple[Link, ...]
    skip: str
    navigation_label: str
    menu: str
    breadcrumb_label: str
    footer_label: str
    copyright: SafeString

    @property
    def initial(self) -> str:
        """Stands where other sites have their logo."""
        return self.title[:1].upper()


def frame_of(site: Site, content: Content, spoken: Spoken) -> Frame:
    """The frame for one visitor. Snippets are in the language of the content, so they serve only those who chose it."""
    said = spoken.words

    def text(snippet: str, fallback: str) -> str:
        return content.snippet(snippet, fallback) if spoken.is_contents else fallback

    return Frame(
        language=site.language,
        words_in=site.language if spoken.is_contents else spoken.of_words,
        labels_in=spoken.info,
        languages=spoken.choices,
        languages_label=said.language,
        title=content.snippet("Header/Title", site.portal.name),
        navigation=content.links.get(NAVIGATION, ()),
        footer=content.links.get(FOOTER, ()),
        skip=text("SkipToContent", said.skip),
        navigation_label=text("Navigation/Label", said.navigation),
        menu=text("Navigation/Toggle", said.menu),
        breadcrumb_label=text("Breadcrumb/Label", said.breadcrumb),
        footer_label=text("Footer/Label", said.footer),
        copyright=clean(content.snippet("Footer/Copyright")),
    )

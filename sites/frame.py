"""What surrounds every page of a portal: title, navigation, footer, and the words of its landmarks."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from organizations.languages import LanguageInfo
from sites.content import FOOTER, NAVIGATION, Content
from sites.links import Link
from sites.markup import clean
from sites.site import Site
from sites.words import words


@dataclass(frozen=True)
class Frame:
    """Content snippets, or our own words where there are none. Texts are escaped by the template."""

    language: LanguageInfo
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


def frame_of(site: Site, content: Content) -> Frame:
    """The frame in the portal's language."""
    said = words(site.language.tag)
    return Frame(
        language=site.language,
        title=content.snippet("Header/Title", site.portal.name),
        navigation=content.links.get(NAVIGATION, ()),
        footer=content.links.get(FOOTER, ()),
        skip=content.snippet("SkipToContent", said.skip),
        navigation_label=content.snippet("Navigation/Label", said.navigation),
        menu=content.snippet("Navigation/Toggle", said.menu),
        breadcrumb_label=content.snippet("Breadcrumb/Label", said.breadcrumb),
        footer_label=content.snippet("Footer/Label", said.footer),
        copyright=clean(content.snippet("Footer/Copyright")),
    )

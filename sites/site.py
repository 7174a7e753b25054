"""A portal that shows pages, with the way to its organization."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from organizations.connect import connect
from organizations.languages import ENGLISH, LanguageInfo, language
from organizations.ports import Organization
from provisioning.models import Portal, PortalType
from provisioning.ports import Face


@dataclass(frozen=True)
class Site:
    """A portal whose packages are installed and its website's id, in the organization that feeds it."""

    portal: Portal
    website_id: UUID
    organization: Organization

    @property
    def language(self) -> LanguageInfo:
        """The language of its content, which is English where the packages had none in the portal's."""
        return language(self.portal.content_language or self.portal.language or ENGLISH)


def site_of(portal: Portal) -> Site | None:
    """None while the portal is still being set up."""
    if portal.published_at is None or portal.website_id is None or portal.instance is None:
        return None
    return Site(portal, portal.website_id, connect(portal.instance))


def face_of(portal: Portal) -> Face:
    """What visitors see; who switched a portal off wants nothing shown, finished or not."""
    if not portal.is_on:
        return Face.OFF
    return Face.GETTING_SET_UP if site_of(portal) is None else Face.LIVE


def language_of(portal: Portal) -> LanguageInfo:
    """The language that the portal speaks."""
    return language(portal.language or ENGLISH)


def may_be_indexed(portal: Portal) -> bool:
    """Search engines are led to portals in production only: a trial ends, and its address with it."""
    return portal.type == PortalType.PRODUCTION.value

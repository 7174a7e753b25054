"""A portal that shows pages, with the way to its organization."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from organizations.languages import ENGLISH, LanguageInfo, language
from organizations.ports import Organization
from provisioning.binding import organization_of
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
    """None while the portal is still being set up. Raises Unavailable when its organization has moved away from it."""
    if portal.website_id is None or not _is_published(portal):
        return None
    return Site(portal, portal.website_id, organization_of(portal))


def _is_published(portal: Portal) -> bool:
    return portal.published_at is not None and portal.website_id is not None and portal.instance is not None


def face_of(portal: Portal) -> Face:
    """What visitors see; who switched a portal off wants nothing shown, finished or not."""
    if not portal.is_on:
        return Face.OFF
    return Face.LIVE if _is_published(portal) else Face.GETTING_SET_UP


def language_of(portal: Portal) -> LanguageInfo:
    """The language that the portal speaks."""
    return language(portal.language or ENGLISH)


def may_be_indexed(portal: Portal) -> bool:
    """Search engines are led to portals in production only: a trial ends, and its address with it."""
    return portal.type == PortalType.PRODUCTION.value

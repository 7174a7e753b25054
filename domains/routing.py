"""Which portal answers at a host name; asked by every request of a visitor, so each is one query."""

from __future__ import annotations

from django.conf import settings
from django.db.models import F

from domains.addresses import url_of
from domains.models import CustomDomain
from provisioning.models import Portal


def custom_domain_at(host: str) -> CustomDomain | None:
    """The custom domain that is served, with its portal and `is_trusted` (by browsers); None: not one of ours."""
    return (
        CustomDomain.objects.select_related("portal__instance", "portal__address")
        .annotate(is_trusted=F("certificate__is_trusted"))
        .defer("evidence")
        .filter(hostname=host, published_at__isnull=False)
        .first()
    )


def portal_of(domain: CustomDomain) -> Portal | None:
    """The portal at a custom domain; None while its base URL leads nobody to it either (a reset is under way)."""
    portal = domain.portal
    return portal if hasattr(portal, "address") and portal.address.is_routed else None


def portal_at(host: str) -> Portal | None:
    """The portal at a host of the base domain, with its instance and its custom domain; None: no portal is here."""
    return (
        Portal.objects.select_related("instance", "custom_domain")
        .defer("custom_domain__evidence")
        .filter(
            address__subdomain=host.removesuffix("." + settings.PORTAL_BASE_DOMAIN), address__is_routed=True
        )
        .first()
    )


def canonical_url(portal: Portal) -> str:
    """The one address of the portal that search engines should show: its custom domain's, once that is bound."""
    domain = getattr(portal, "custom_domain", None)
    if domain is not None and domain.published_at is not None and domain.bound_at is not None:
        return url_of(domain.hostname)
    return portal.url

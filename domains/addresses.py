"""Addresses of portals at their custom domains."""

from __future__ import annotations

from django.conf import settings


def url_of(hostname: str) -> str:
    """Where visitors find a portal at its custom domain."""
    port = f":{settings.CUSTOM_DOMAIN_PORT}" if settings.CUSTOM_DOMAIN_PORT else ""
    return f"https://{hostname}{port}/"

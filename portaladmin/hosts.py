"""Whose host is it? Decided first, since addresses, sessions and policies depend on the answer.

The admin host gets the admin center, `<subdomain>.<base domain>` the portal of that name, and every other host is
told that this is the wrong place (421), save for the health pages, which balancers ask by address.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

PORTAL_URLS = "sites.urls"
STRANGER_URLS = "portaladmin.urls_stranger"
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


def host_name(request: HttpRequest) -> str:
    """The host without its port, in lower case. Raises DisallowedHost for one that is no host name at all."""
    host = request.get_host().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].rstrip(".")


class HostRoutingMiddleware:
    """Sets `request.portal_host` (the portal's host name, else None) and `request.urlconf`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._routed(request)
        # Nothing of ours asks for a camera, a place or a payment, and nothing inside may.
        response["Permissions-Policy"] = PERMISSIONS
        return response

    def _routed(self, request: HttpRequest) -> HttpResponseBase:
        host = host_name(request)
        request.portal_host = None  # type: ignore[attr-defined]
        if host in settings.ADMIN_HOSTS:
            return self.get_response(request)
        if host.endswith("." + settings.PORTAL_BASE_DOMAIN):
            request.portal_host = host  # type: ignore[attr-defined]
            request.urlconf = PORTAL_URLS
        else:
            request.urlconf = STRANGER_URLS
        return self.get_response(request)

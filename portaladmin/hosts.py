"""Whose host is it? Decided first, since addresses, sessions and policies depend on the answer.

The admin host gets the admin center, `<subdomain>.<base domain>` the portal of that name, the host of an embedded
organization its Web API, and every other host is told that this is the wrong place (421), save for the health pages,
which balancers ask by address.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

PORTAL_URLS = "sites.urls"
ORGANIZATION_URLS = "organizations.facade.urls"
HEALTH_URLS = "portaladmin.urls_health"
HEALTH = frozenset({"/healthz", "/readyz"})
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
        request.host_name = host  # type: ignore[attr-defined]
        request.portal_host = None  # type: ignore[attr-defined]
        if host in settings.ADMIN_HOSTS:
            return self.get_response(request)
        if host.endswith("." + settings.PORTAL_BASE_DOMAIN):
            request.portal_host = host  # type: ignore[attr-defined]
            request.urlconf = PORTAL_URLS
        elif host.endswith("." + settings.ORGANIZATION_BASE_DOMAIN):
            request.urlconf = ORGANIZATION_URLS
        elif request.path in HEALTH:
            request.urlconf = HEALTH_URLS
        else:
            # 421, as RFC 9110 has it for a host that this server does not speak for; not even static files.
            return HttpResponse(
                "This host is not served here.\n", status=421, content_type="text/plain; charset=utf-8"
            )
        return self.get_response(request)

"""Whose host is it? Decided first, since addresses, sessions and policies depend on the answer.

The admin host gets the admin center, `<subdomain>.<base domain>` the portal of that name, the host of an embedded
organization its Web API, a custom domain its portal (over HTTPS only), and every other host is told that this is the
wrong place (421), save for the health pages, which balancers ask by address.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.http.response import HttpResponseBase

from domains.addresses import url_of
from domains.models import CustomDomain
from domains.routing import custom_domain_at

PORTAL_URLS = "sites.urls"
ORGANIZATION_URLS = "organizations.facade.urls"
HEALTH_URLS = "portaladmin.urls_health"
# None: the admin center's own, as settings.ROOT_URLCONF has them.
URLCONFS = (None, PORTAL_URLS, ORGANIZATION_URLS, HEALTH_URLS)
HEALTH = frozenset({"/healthz", "/readyz"})
# What may be a custom domain; nothing else is looked for.
CUSTOM = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+", re.ASCII)
# Of a custom domain alone: what is below it, and lists in browsers, are its owner's own business.
HSTS = "max-age=31536000"
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


def host_name(request: HttpRequest) -> str:
    """The host without its port, in lower case. Raises DisallowedHost for one that is no host name at all."""
    host = request.get_host().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].rstrip(".")


class HostRoutingMiddleware:
    """Sets `request.portal_host` (the portal's host name, else None), `request.custom_domain` (the row, else None) and
    `request.urlconf`.
    """

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
        request.custom_domain = None  # type: ignore[attr-defined]
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
            return self._elsewhere(request, host)
        return self.get_response(request)

    def _elsewhere(self, request: HttpRequest, host: str) -> HttpResponseBase:
        """A custom domain, or nothing of ours."""
        try:
            domain = custom_domain_at(host) if len(host) <= 253 and CUSTOM.fullmatch(host) else None
        except (OperationalError, InterfaceError):
            return _plain("The service is not available now.\n", 503)
        if domain is None:
            # 421, as RFC 9110 has it for a host that this server does not speak for; not even static files.
            return _plain("This host is not served here.\n", 421)
        if not request.is_secure():
            # For good only when it was seen to work: browsers remember.
            redirect = HttpResponsePermanentRedirect if domain.bound_at else HttpResponseRedirect
            return redirect(url_of(host) + request.get_full_path().lstrip("/"))
        request.portal_host = host  # type: ignore[attr-defined]
        request.custom_domain = domain  # type: ignore[attr-defined]
        request.urlconf = PORTAL_URLS
        return _with_hsts(self.get_response(request), domain)


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _with_hsts(response: HttpResponseBase, domain: CustomDomain) -> HttpResponseBase:
    """Whoever comes with a certificate that browsers warn of must be able to go back to a time without it, so that
    the promise is made for trusted ones alone.
    """
    del response["Strict-Transport-Security"]  # of the admin center, which is none of the domain's
    if domain.is_trusted and domain.bound_at:  # type: ignore[attr-defined]
        response["Strict-Transport-Security"] = HSTS
    return response

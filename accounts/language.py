"""In which language the admin center speaks: the person's profile says it, then a cookie, then the browser.

Portals are not touched: they speak the language of their content.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from accounts.words import Refusal

# Asked by balancers and supervisors, while the database may be down; there is no person to speak to.
_MACHINES = frozenset({"/healthz", "/readyz"})


def supported(code: str) -> bool:
    return code in dict(settings.LANGUAGES)


def language_of(request: HttpRequest) -> str:
    """The code of the language for this request."""
    return _of_profile(request) or translation.get_language_from_request(request)


def _of_profile(request: HttpRequest) -> str:
    try:
        code = str(getattr(request.user, "language", ""))
    except (DatabaseError, InterfaceError):  # the page that tells of it speaks the browser's language
        return ""
    return code if supported(code) else ""


def spoken(refusal: Refusal) -> str:
    """Its sentence in the language of this request."""
    return translation.gettext(refusal.template) % refusal.values


class LanguageMiddleware:
    """Stands behind authentication, so that it knows whose profile to look at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if getattr(request, "portal_host", None) is not None or request.path in _MACHINES:
            return self.get_response(request)
        code = language_of(request)
        with translation.override(code):
            request.LANGUAGE_CODE = code
            response = self.get_response(request)
        response.setdefault("Content-Language", code)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

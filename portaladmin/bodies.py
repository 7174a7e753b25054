"""How much anybody may send us."""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from portaladmin import errors
from portaladmin.hosts import ORGANIZATION_URLS

_NO_FORMS = frozenset({"application/json", "multipart/mixed"})


class BodyLimitMiddleware:
    """Refuses a body beyond its limit, MAX_BODY_BYTES for all that forms send (413), before anything reads it.

    Django's own limit leaves out files, which it would write to the disk for anybody, signed in or not, since the
    check of the form's token reads the whole form. A body that does not tell its length is empty for us (WSGI).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = str(request.META.get("CONTENT_LENGTH") or 0)
        if not length.isdecimal() or int(length) > _limit(request):
            with translation.override(translation.get_language_from_request(request)):
                return errors.too_large(request)
        return self.get_response(request)


def _limit(request: HttpRequest) -> int:
    """Bytes. The Web API of organizations takes packages, and looks whose token came along before it reads anything;
    forms it does not take, and they would be read before that.
    """
    is_api = getattr(request, "urlconf", None) == ORGANIZATION_URLS and request.path.startswith("/api/data/")
    if is_api and request.content_type in _NO_FORMS:
        # It says itself, in its own words, what is too large.
        return sys.maxsize
    return int(settings.MAX_BODY_BYTES)

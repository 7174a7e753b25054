"""How much anybody may send us."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from portaladmin import errors


class BodyLimitMiddleware:
    """Refuses a body beyond MAX_BODY_BYTES (413) before anything reads it.

    Django's own limit leaves out files, which it would write to the disk for anybody, signed in or not, since the
    check of the form's token reads the whole form. A body that does not tell its length is empty for us (WSGI).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = str(request.META.get("CONTENT_LENGTH") or 0)
        if not length.isdecimal() or int(length) > settings.MAX_BODY_BYTES:
            with translation.override(translation.get_language_from_request(request)):
                return errors.too_large(request)
        return self.get_response(request)

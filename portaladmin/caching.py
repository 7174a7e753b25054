"""Nothing that the admin center shows is kept by browsers or proxies."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers


class NeverCacheMiddleware:
    """Every answer on the admin host that does not speak of caching itself: it was for this person, at this moment.

    Static files are answered before this; portals decide for themselves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if getattr(request, "portal_host", None) is None and "Cache-Control" not in response:
            add_never_cache_headers(response)
        return response

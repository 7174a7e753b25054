"""An expired session must not put the sign-in page inside a fragment."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


class HtmxLoginMiddleware:
    """Turns the redirect to the sign-in page into one of the whole page when htmx asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
        if htmx and isinstance(response, HttpResponseRedirect) and not request.user.is_authenticated:
            return _whole_page(htmx)
        return response


def _whole_page(htmx: HtmxDetails) -> HttpResponse:
    from django.conf import settings
    from django.shortcuts import resolve_url
    from django.utils.http import urlencode

    back = htmx.current_url_abs_path or "/"
    return HttpResponseClientRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}")

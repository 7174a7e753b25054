"""The way to the sign-in page: not inside a fragment, and back to a page instead of a form's address."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page wants a person. Whose session ended while a form was open comes back to the page of the form."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        if request.method in {"GET", "HEAD"}:
            return super().handle_no_permission(request, view_func)
        messages.warning(
            request, gettext("Nothing was changed: you were not signed in any more. Please do it again.")
        )
        return redirect_to_login(_page_before(request), self.get_login_url(view_func))


def _page_before(request: HttpRequest) -> str:
    """The page of ours that the form stood on, as far as the browser tells."""
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host() or not page.path.startswith("/") or page.path.startswith("//"):
        return "/"
    return page._replace(scheme="", netloc="", fragment="").geturl()


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

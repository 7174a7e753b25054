"""What people see when a request cannot be answered: pages in our words, and an Error ID that the log has too.

The pages for what cannot be understood (400), is too large (413), went wrong (500) or could not be saved (503) lean on
nothing: no database, no person, no template around them, since any of these may be what is broken.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.views.defaults import page_not_found

from accounts import audit
from jobs.settle import new_error_id

log = logging.getLogger(__name__)
# Fields that are never written into a page.
_SECRET = re.compile("password|secret", re.IGNORECASE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    if isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        return too_large(request)
    return plain(request, "400.html", status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404. The page belongs to no tab, even where an address was found and what it names was not."""
    request.resolver_match = None
    return page_not_found(request, exception)


def too_large(request: HttpRequest) -> HttpResponse:
    """More was sent than any form of ours takes (413)."""
    return plain(request, "413.html", status=413)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: the page names the Error ID under which the log has the cause."""
    error_id = new_error_id()
    log.error("[%s] %s %s failed", error_id, request.method, request.path, exc_info=sys.exc_info())
    audit.tell_error_id(error_id)
    if request.method == "POST" and isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return _not_saved(request, error_id)
    return plain(request, "500.html", status=500, error_id=error_id)


def _not_saved(request: HttpRequest, error_id: str) -> HttpResponse:
    """The database took in nothing: it is gone, or its disk is full (503). Browsers forget what was entered on pages
    that must not be kept, so this page holds it, all but secrets, and can send it once more.
    """
    try:
        sent = [(name, value) for name, values in request.POST.lists() for value in values]
        files = bool(request.FILES)
    except (OSError, MultiPartParserError):  # the browser is gone in the middle of it
        sent, files = [], False
    kept = [(name, value) for name, value in sent if not _SECRET.search(name)]
    lost = files or len(kept) < len(sent)
    page = plain(request, "503.html", status=503, error_id=error_id, kept=kept, lost=lost)
    page["Retry-After"] = "30"
    return page


def plain(
    request: HttpRequest, template: str, *, status: int, error_id: str = "", **more: object
) -> HttpResponse:
    """A page that stands alone."""
    shown = {
        "style": _style(),
        "error_id": error_id,
        "is_portal": getattr(request, "portal_host", None) is not None,
        **more,
    }
    return HttpResponse(render_to_string(template, shown), status=status)


def _style() -> str:
    """The address of the style sheet; "" when not even that can be told, since static files were never collected."""
    try:
        return static("shell/plain.css")
    except ValueError:
        return ""


class MethodPageMiddleware:
    """A page for who opens an address that only takes a form; Django's own answer (405) is empty."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # Other hosts (portals, organizations) have addresses of their own, and answer for themselves.
        if response.status_code != 405 or getattr(request, "urlconf", None) is not None:
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page

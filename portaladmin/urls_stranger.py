"""What a host that is not ours gets: the health pages, and otherwise that it came to the wrong place."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from portaladmin import health


@login_not_required
def misdirected(request: HttpRequest, rest: str = "") -> HttpResponse:
    """421, as RFC 9110 has it for a host that this server does not speak for."""
    return HttpResponse(
        "This host is not served here.\n", status=421, content_type="text/plain; charset=utf-8"
    )


urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    re_path(r"^(?P<rest>.*)$", misdirected),
]

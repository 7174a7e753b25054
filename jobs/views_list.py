"""The Jobs tab: all jobs that somebody may see."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from jobs import listing
from jobs.listing import Asked


@never_cache
@require_safe
def jobs_page(request: HttpRequest) -> HttpResponse:
    choices = {"states": listing.states(), "kinds": listing.kinds(), "ages": listing.ages()}
    return render(request, "jobs/list.html", {**_shown(request), **choices})


@never_cache
@require_safe
def jobs_list(request: HttpRequest) -> HttpResponse:
    """Fragment: the grid. With `seen`, the page asks again: 204 when it is up to date."""
    assert isinstance(request.user, User)
    asked, seen = Asked.from_query(request.GET.dict()), request.GET.get("seen")
    if seen is not None and listing.unchanged(request.user, asked, seen, now=timezone.now()):
        return HttpResponse(status=204)
    response = render(request, "jobs/_list.html", _shown(request))
    if seen is None:  # a person asked: the address of the page says for what
        query = asked.query_string()
        response["HX-Push-Url"] = reverse("jobs:list") + (f"?{query}" if query else "")
    return response


def _shown(request: HttpRequest) -> dict[str, Any]:
    assert isinstance(request.user, User)
    asked = Asked.from_query(request.GET.dict())
    found = listing.listing(request.user, asked, now=timezone.now())
    return {"listing": found, "asked": asked, "anew": asked.query_string(after="")}

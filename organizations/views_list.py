"""The Instances tab: the grid, and the details of the selected row beside it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import permissions
from organizations import queries
from organizations.languages import language
from organizations.listing import Asked, listing
from organizations.models import Instance
from organizations.views_access import person


@never_cache
@require_safe
def instances(request: HttpRequest) -> HttpResponse:
    choices = {"states": Instance.State.choices, "types": Instance.Type.choices}
    asked = Asked.from_query(request.GET.dict())
    return render(request, "organizations/instances.html", {**_shown(request, asked), **choices})


@never_cache
@require_safe
def instances_list(request: HttpRequest) -> HttpResponse:
    """Fragment: the grid and the details beside it; the address of the page says what is asked for."""
    asked = Asked.from_query(request.GET.dict())
    response = render(request, "organizations/_instances.html", {**_shown(request, asked), "fragment": True})
    query = asked.query_string()
    response["HX-Push-Url"] = reverse("organizations:instances") + (f"?{query}" if query else "")
    return response


def _shown(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    user = person(request)
    found = listing(user, asked)
    lcids = queries.enabled_languages(found.selected) if found.selected else []
    return {
        "listing": found,
        "asked": asked,
        # Beginnings of addresses: of the present page, and of page one.
        "here": asked.query_string(selected=""),
        "anew": asked.query_string(selected="", after=""),
        "selected": found.selected,
        "languages": [language(lcid) for lcid in lcids],
        "may_connect": permissions.is_tenant_administrator(user),
    }

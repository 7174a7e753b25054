"""The Instances tab: the grid, and the details of the selected row beside it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import permissions
from accounts.models import User
from organizations import queries
from organizations.languages import language
from organizations.models import Instance


@never_cache
@require_safe
def instances(request: HttpRequest) -> HttpResponse:
    return render(request, "organizations/instances.html", _shown(request))


@never_cache
@require_safe
def instances_list(request: HttpRequest) -> HttpResponse:
    """Fragment: the grid and the details beside it; the address of the page says what is selected."""
    shown = {**_shown(request), "fragment": True}
    response = render(request, "organizations/_instances.html", shown)
    query = f"?selected={shown['selected'].id}" if shown["selected"] else ""
    response["HX-Push-Url"] = reverse("organizations:instances") + query
    return response


def _shown(request: HttpRequest) -> dict[str, Any]:
    assert isinstance(request.user, User)  # every page here needs a signed-in person
    rows = queries.instances(permissions.visible_instances(request.user))
    selected = _selected(rows, request.GET.get("selected", ""))
    lcids = queries.enabled_languages(selected) if selected else []
    return {
        "instances": rows,
        "selected": selected,
        "languages": [language(lcid) for lcid in lcids],
        "may_connect": permissions.is_tenant_administrator(request.user),
    }


def _selected(rows: list[Instance], asked: str) -> Instance | None:
    """One of the rows that the person sees; None for anything else."""
    try:
        wanted = UUID(asked)
    except ValueError:
        return None
    return next((row for row in rows if row.id == wanted), None)

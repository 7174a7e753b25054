"""The Applications tab."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import permissions, spreadsheet
from accounts.words import N_
from organizations.languages import language
from provisioning import export, listing
from provisioning.forms import AddOnForm
from provisioning.listing import Asked
from provisioning.models import PortalType
from provisioning.services import add_ons
from provisioning.views.access import person

# What the heads of the grid sort by (listing.ORDERS), and what they say.
_HEADS = (
    ("name", N_("Application")),
    ("state", N_("State")),
    ("", N_("Application type")),
    ("instance", N_("Instance")),
    ("status", N_("Status")),
    ("owner", N_("Owner")),
    ("created", N_("Created")),
)


@never_cache
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    user, asked = person(request), Asked.from_query(request.GET.dict())
    choices = {
        "states": listing.states(),
        "types": PortalType.choices,
        "instances": listing.instances(user),
        "sorts": listing.sorts(),
    }
    return render(request, "provisioning/applications.html", {**_shown(request, asked), **choices})


@never_cache
@require_safe
def applications_list(request: HttpRequest) -> HttpResponse:
    """Fragment: the grid and the details beside it. With `seen`, the page asks again: 204 when it is up to date."""
    user, asked = person(request), Asked.from_query(request.GET.dict())
    seen = request.GET.get("seen")
    if seen is not None and listing.unchanged(user, asked, seen, now=timezone.now()):
        return HttpResponse(status=204)
    response = render(
        request,
        "provisioning/_applications.html",
        {**_shown(request, asked), "fragment": True, "by_person": seen is None},
    )
    if seen is None:  # a person asked: the address of the page says for what
        query = asked.query_string()
        response["HX-Push-Url"] = reverse("provisioning:applications") + (f"?{query}" if query else "")
    return response


def _shown(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    user = person(request)
    found = listing.listing(user, asked, now=timezone.now())
    row = listing.selected(user, asked, found.rows)
    return {
        "listing": found,
        "asked": asked,
        # Beginnings of addresses: of the present page, and of page one.
        "here": asked.query_string(selected=""),
        "anew": asked.query_string(selected="", after=""),
        "columns": _columns(asked),
        "selected": row,
        "language": language(row.portal.language) if row and row.portal.language else None,
        "may_add": permissions.may_add_applications(user),
    }


def _columns(asked: Asked) -> list[dict[str, str]]:
    """Heads of the grid: what a click on them sorts by, and how they are sorted now."""
    columns = []
    for key, title in _HEADS:
        now = {key: "ascending", f"-{key}": "descending"}.get(asked.sort, "")
        query = asked.query_string(sort=f"-{key}" if now == "ascending" else key, after="") if key else ""
        columns.append({"key": key, "title": gettext(title), "now": now if key else "", "query": query})
    return columns


@require_safe
def export_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Everything that the present filter finds, in its order, as a file for Excel."""
    asked = Asked.from_query(request.GET.dict())
    portals = listing.in_order(person(request), asked).iterator(chunk_size=spreadsheet.CHUNK)
    response = StreamingHttpResponse(
        export.lines(portals, language=get_language() or "en"), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="applications-{timezone.now():%Y-%m-%d}.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    if not permissions.may_add_applications(person(request)):
        raise PermissionDenied("Only a Global Administrator can add applications.")
    form = AddOnForm(request.POST or None, initial={"type": "production"})
    if request.method == "POST" and form.is_valid():
        add_ons.add(type=form.cleaned_data["type"], owner=person(request))
        messages.success(request, "The portal add-on was added. Select Manage to configure it.")
        return redirect("provisioning:applications")
    return render(request, "provisioning/add.html", {"form": form}, status=422 if form.errors else 200)

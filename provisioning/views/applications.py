"""The Applications tab."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import permissions
from provisioning import queries
from provisioning.forms import AddOnForm
from provisioning.services import add_ons
from provisioning.views.access import person

PAGE = 50


@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    user, text = person(request), request.GET.get("q", "")
    rows = queries.search(queries.visible_portals(user), text)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    may_add = permissions.may_add_applications(user)
    return render(request, "provisioning/applications.html", {"page": page, "q": text, "may_add": may_add})


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

"""The address of an embedded organization, and what is bound to it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.language import spoken
from organizations import dependents, moving
from organizations.locating import AddressRefused
from organizations.models import Instance
from organizations.views_access import administered


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """One that is somewhere else moves there; its address here is part of its connection."""
    instance = administered(request, instance_id)
    if instance.kind != Instance.Kind.EMBEDDED:
        raise Http404
    if request.method != "POST":
        return _page(request, instance, moving.name_of(instance))
    typed = request.POST.get("name", "")
    try:
        moved = moving.move(instance_id=instance.id, name=typed)
    except AddressRefused as error:
        return _page(request, instance, typed, error=spoken(error), code=error.code, status=422)
    messages.success(request, gettext("The organization answers at %(url)s now.") % {"url": moved.url})
    return redirect("organizations:address", instance.id)


def _page(
    request: HttpRequest, instance: Instance, name: str, *, error: str = "", code: str = "", status: int = 200
) -> HttpResponse:
    shown = {
        "instance": instance,
        "name": name,
        "suffix": moving.suffix(),
        "bound": dependents.bound(instance),
        "error": error,
        "code": code,
    }
    return render(request, "organizations/address.html", shown, status=status)

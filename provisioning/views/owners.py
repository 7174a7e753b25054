"""Owners of a portal's application: who may delete it beside the Global Administrators."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from accounts import audit, permissions
from accounts.directory import directory
from accounts.models import User
from accounts.ports import DirectoryError
from provisioning import trail
from provisioning.models import Portal
from provisioning.views.access import managed_portal, person


def owners(portal: Portal) -> list[User] | None:
    """People who own the portal's application; None when there is no application, or it cannot be asked for."""
    if portal.application_id is None:
        return None
    try:
        ids = directory().get(portal.application_id).owners
    except DirectoryError:
        return None
    return list(User.objects.filter(directory_object_id__in=ids).order_by("display_name"))


@require_POST
def add_owner(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """A Global Administrator lets one more person delete the application, by e-mail address."""
    portal = managed_portal(request, portal_id)
    if not permissions.is_global_administrator(person(request)):
        raise PermissionDenied("Only a Global Administrator can add owners of an application.")
    email = request.POST.get("owner", "").strip().lower()
    owner = User.objects.filter(email=email, is_active=True).first()
    if owner is None or portal.application_id is None:
        messages.error(request, gettext("There is nobody with that e-mail address in the directory."))
        return redirect("provisioning:details", portal.id)
    try:
        with transaction.atomic():
            directory().add_owner(portal.application_id, object_id=owner.directory_object_id)
            audit.record(audit.Verb.ADD_OWNER, subject=trail.subject(portal), after={"owner": owner.email})
    except DirectoryError as error:
        audit.refused(audit.Verb.ADD_OWNER, subject=trail.subject(portal), error=error)
        messages.error(request, str(error))
    else:
        messages.success(request, gettext("%(person)s is an owner now.") % {"person": owner})
    return redirect("provisioning:details", portal.id)

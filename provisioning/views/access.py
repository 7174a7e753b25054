"""Which portal a request is about, and whether the person may manage it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts import permissions
from accounts.models import User
from provisioning import navigation
from provisioning.models import Portal
from provisioning.phases import NOT_ALLOWED
from provisioning.services import add_ons


def person(request: HttpRequest) -> User:
    """Who asks. Every page here needs a signed-in person, so it is one of ours."""
    assert isinstance(request.user, User)
    return request.user


def managed_portal(request: HttpRequest, portal_id: UUID) -> Portal:
    """The portal, for somebody who may manage it; the first time, that turns its Status to Configured.

    Raises Http404, and PermissionDenied with the mission's sentence.
    """
    portal = get_object_or_404(
        Portal.objects.select_related(
            "instance", "owner", "provision_job", "packages_job", "reset_job", "instance_job"
        ),
        pk=portal_id,
    )
    if request.method not in ("GET", "HEAD"):
        permissions.ask_again(person(request), portal.instance_id)
    if not permissions.may_manage(person(request), portal.instance_id):
        raise PermissionDenied(NOT_ALLOWED)
    if portal.opened_at is None:
        add_ons.opened(portal_id=portal.id)
    return portal


def frame(portal: Portal, active: str) -> dict[str, Any]:
    """What the frame of the Portal Admin Center shows around a page."""
    return {"portal": portal, "entries": navigation.entries(portal), "active_entry": active}

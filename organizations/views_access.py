"""Which instance a request is about, and whether the person may see or change it."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts import permissions
from accounts.models import User
from accounts.words import N_
from organizations.models import Instance

NOT_VISIBLE = N_(
    "You need to be a global administrator, Dynamics 365 service administrator, or system administrator or "
    "system customizer of this organization in order to see this instance."
)
NOT_ALLOWED = N_(
    "You need to be a global administrator, Dynamics 365 service administrator, or system administrator for "
    "this organization in order to change this instance."
)


def person(request: HttpRequest) -> User:
    """Who asks."""
    assert isinstance(request.user, User)  # every page here needs a signed-in person
    return request.user


def visible(request: HttpRequest, instance_id: UUID) -> Instance:
    """The instance, for somebody who may see it. Raises Http404, PermissionDenied."""
    instance = get_object_or_404(Instance, pk=instance_id)
    if request.method not in ("GET", "HEAD"):
        permissions.ask_again(person(request), instance_id)
    ids = permissions.visible_instances(person(request))
    if ids is not None and instance_id not in ids:
        raise PermissionDenied(NOT_VISIBLE)
    return instance


def administered(request: HttpRequest, instance_id: UUID) -> Instance:
    """The instance, for somebody who may change it. Raises Http404, PermissionDenied."""
    instance = get_object_or_404(Instance, pk=instance_id)
    if request.method not in ("GET", "HEAD"):
        permissions.ask_again(person(request), instance_id)
    if not permissions.may_administer_instance(person(request), instance_id):
        raise PermissionDenied(NOT_ALLOWED)
    return instance

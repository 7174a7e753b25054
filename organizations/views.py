"""Pages of the Instances tab."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import permissions
from accounts.models import User
from accounts.words import N_
from jobs.errors import JobError
from jobs.presentation import refusal
from jobs.services import AlreadyActive, NotRestartable
from organizations import administration, installations, queries
from organizations.connect import connect
from organizations.languages import language
from organizations.models import Instance
from organizations.overview import overview, watch

NOT_VISIBLE = N_(
    "You need to be a global administrator, Dynamics 365 service administrator, or system administrator or "
    "system customizer of this organization in order to see this instance."
)
NOT_ALLOWED = N_(
    "You need to be a global administrator, Dynamics 365 service administrator, or system administrator for "
    "this organization in order to change this instance."
)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # every page here needs a signed-in person
    return request.user


def _visible(request: HttpRequest, instance_id: UUID) -> Instance:
    """The instance, for somebody who may see it. Raises Http404, PermissionDenied."""
    visible = permissions.visible_instances(_person(request))
    instance = get_object_or_404(Instance, pk=instance_id)
    if visible is not None and instance_id not in visible:
        raise PermissionDenied(NOT_VISIBLE)
    return instance


def _administered(request: HttpRequest, instance_id: UUID) -> Instance:
    """The instance, for somebody who may change it. Raises Http404, PermissionDenied."""
    instance = get_object_or_404(Instance, pk=instance_id)
    if not permissions.may_administer_instance(_person(request), instance_id):
        raise PermissionDenied(NOT_ALLOWED)
    return instance


@never_cache
@require_safe
def detail(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    instance = _visible(request, instance_id)
    shown = {
        "languages": [language(lcid) for lcid in queries.enabled_languages(instance)],
        "problem": _problem(instance),
        "may_administer": permissions.may_administer_instance(_person(request), instance_id),
    }
    return render(request, "organizations/instance.html", {"instance": instance, **shown})


def _problem(instance: Instance) -> JobError | None:
    """Why the organization does not let us in, if it does not."""
    try:
        connect(instance).who_am_i()
    except JobError as error:
        return error
    return None


@require_POST
def access(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """Administration mode on and off, and our own user in the organization."""
    instance = _administered(request, instance_id)
    match request.POST.get("action"):
        case "administration-mode":
            administration.set_administration_mode(instance_id=instance.id, on=True)
        case "ready":
            administration.set_administration_mode(instance_id=instance.id, on=False)
        case "shut-out":
            administration.disable_application_user(instance_id=instance.id)
        case "let-in":
            administration.admit_application_user(instance_id=instance.id)
    return redirect("organizations:instance", instance.id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def solutions(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    if request.method == "POST":
        return _retry(request, _administered(request, instance_id))
    instance = _visible(request, instance_id)
    may_administer = permissions.may_administer_instance(_person(request), instance_id)
    shown = {"overview": overview(instance), "may_administer": may_administer}
    return render(request, "organizations/solutions.html", {"instance": instance, **shown})


def _retry(request: HttpRequest, instance: Instance) -> HttpResponse:
    try:
        installations.retry(
            instance_id=instance.id,
            unique_name=request.POST.get("retry", ""),
            requested_by=_person(request),
        )
    except (installations.NothingToRetry, NotRestartable, AlreadyActive) as error:
        messages.info(request, refusal(error))
    return redirect("organizations:solutions", instance.id)


@never_cache
@require_safe
def solutions_table(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """Fragment. 204 when the page shows the present state already."""
    instance = _visible(request, instance_id)
    if request.GET.get("seen") == watch(instance.id).seen:
        return HttpResponse(status=204)
    may_administer = permissions.may_administer_instance(_person(request), instance_id)
    shown = {"overview": overview(instance), "may_administer": may_administer, "announce": True}
    return render(request, "organizations/_solutions.html", {"instance": instance, **shown})

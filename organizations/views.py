"""Pages of the Instances tab."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import permissions
from jobs.errors import JobError
from organizations import administration, queries
from organizations.connect import connect
from organizations.languages import language
from organizations.models import Instance
from organizations.views_access import administered, person, visible


@never_cache
@require_safe
def detail(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    instance = visible(request, instance_id)
    may_administer = permissions.may_administer_instance(person(request), instance_id)
    is_embedded = instance.kind == Instance.Kind.EMBEDDED
    shown = {
        "languages": [language(lcid) for lcid in queries.enabled_languages(instance)],
        "problem": _problem(instance),
        "may_administer": may_administer,
        "may_connect": may_administer
        if is_embedded
        else permissions.is_tenant_administrator(person(request)),
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
    """Administration mode on and off, and our own user in the organization. Embedded ones only."""
    instance = administered(request, instance_id)
    if instance.kind != Instance.Kind.EMBEDDED:
        raise Http404
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

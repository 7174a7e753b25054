"""Manage your solutions: the page of one instance, its retry page, and the door for packages of one's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import audit, permissions
from accounts.words import N_
from jobs.errors import JobError
from jobs.presentation import refusal
from jobs.services import AlreadyActive, NotRestartable
from organizations import installations, trail, uploads
from organizations.connect import connect
from organizations.models import Instance
from organizations.overview import overview, watch
from organizations.packages.catalog import UnknownSolution
from organizations.retrying import retry_of
from organizations.views_access import administered, person, visible

ONLY_SYSTEM_ADMINISTRATORS = N_(
    "Only a System Administrator of this organization can install a package of their own."
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def solutions(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    if request.method == "POST":
        return _act(request, administered(request, instance_id))
    instance = visible(request, instance_id)
    return render(request, "organizations/solutions.html", _shown(request, instance))


def _shown(request: HttpRequest, instance: Instance) -> dict[str, Any]:
    return {
        "instance": instance,
        "overview": overview(instance),
        "may_administer": permissions.may_administer_instance(person(request), instance.id),
        "may_upload": permissions.is_system_administrator(person(request), instance.id),
    }


def _act(request: HttpRequest, instance: Instance) -> HttpResponse:
    """INSTALL and UPGRADE say which solution as `install`, RETRY as `retry`."""
    try:
        if name := request.POST.get("install", ""):
            installations.install(instance_id=instance.id, unique_name=name, requested_by=person(request))
        else:
            name = request.POST.get("retry", "")
            installations.retry(instance_id=instance.id, unique_name=name, requested_by=person(request))
    except (installations.NothingToRetry, NotRestartable, AlreadyActive) as error:
        messages.info(request, refusal(error))
    except UnknownSolution as error:
        messages.info(request, str(error))
    return redirect("organizations:solutions", instance.id)


@never_cache
@require_safe
def table(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """Fragment. 204 when the page shows the present state already."""
    instance = visible(request, instance_id)
    if request.GET.get("seen") == watch(instance.id).seen:
        return HttpResponse(status=204)
    shown = {**_shown(request, instance), "announce": True}
    return render(request, "organizations/_solutions.html", shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def retry(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """What to look at before an installation is tried again; a System Administrator may set the default language."""
    instance = administered(request, instance_id)
    name = request.GET.get("solution", "")
    try:
        shown = retry_of(instance=instance, unique_name=name, user=person(request))
    except installations.NothingToRetry as error:
        messages.info(request, gettext(str(error)))
        return redirect("organizations:solutions", instance.id)
    if request.method != "POST":
        return render(request, "organizations/retry.html", {"instance": instance, "retry": shown})
    if not shown.may_set_default:
        raise PermissionDenied(
            N_("Only a System Administrator of this organization can set its default language.")
        )
    return _set_default(request, instance, request.POST.get("default_language", ""))


def _set_default(request: HttpRequest, instance: Instance, lcid: str) -> HttpResponse:
    try:
        connect(instance).set_default_language(int(lcid) if lcid.isdecimal() and len(lcid) < 8 else 0)
    except JobError as error:
        audit.refused(audit.Verb.CHANGE_LANGUAGES, subject=trail.subject(instance), error=error)
        messages.error(request, error.message)
    else:
        trail.languages(instance, change="default", lcid=int(lcid))
        messages.success(request, gettext("The default language was changed."))
    return redirect(request.get_full_path())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """Install a package of one's own."""
    instance = administered(request, instance_id)
    if not permissions.is_system_administrator(person(request), instance.id):
        raise PermissionDenied(ONLY_SYSTEM_ADMINISTRATORS)
    if request.method != "POST":
        return _form(request, instance)
    file = request.FILES.get("file")
    if file is None:
        return _form(request, instance, reasons=[gettext("Choose a solution package.")], code="required")
    if (file.size or 0) > uploads.MAX_BYTES:
        too_large = gettext("The package is larger than %(limit)s MB.") % {
            "limit": uploads.MAX_BYTES // 1024**2
        }
        return _form(request, instance, reasons=[too_large], code="too_large")
    try:
        uploads.install(instance=instance, data=file.read(), uploaded_by=person(request))
    except uploads.CannotBeInstalled as error:
        return _form(request, instance, reasons=error.reasons, code="cannot_be_installed")
    except JobError as error:
        return _form(request, instance, reasons=[error.message], code=error.code)
    except (NotRestartable, AlreadyActive) as error:
        return _form(request, instance, reasons=[refusal(error)], code="already_in_hand")
    return redirect("organizations:solutions", instance.id)


def _form(
    request: HttpRequest, instance: Instance, *, reasons: list[str] | None = None, code: str = ""
) -> HttpResponse:
    shown = {
        "instance": instance,
        "reasons": reasons or [],
        "code": code,
        "limit": uploads.MAX_BYTES // 1024**2,
    }
    return render(request, "organizations/upload.html", shown, status=422 if reasons else 200)

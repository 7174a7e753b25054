"""Manage: the screen that fits the portal's phase; and Portal Details."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import permissions
from jobs import history, restarting
from jobs import services as jobs
from jobs.presentation import progress_of, refusal, restart_plan
from organizations.languages import language
from provisioning.binding import bound_url, has_moved
from provisioning.forms import DetailsForm
from provisioning.models import Portal, PortalType
from provisioning.phases import (
    BEING_CONFIGURED,
    INSTANCE_UPDATE_ERROR,
    INSTANCE_UPDATING,
    PROVISIONING_ERROR,
    RESET_ERROR,
    RESET_IN_PROGRESS,
    WAS_RESET,
    Packages,
    Phase,
    why_no_updates,
)
from provisioning.policies import NotNow, require_updatable
from provisioning.services import add_ons
from provisioning.services import details as service
from provisioning.views.access import frame, managed_portal, person
from provisioning.views.owners import owners

# Phases in which Manage shows another screen than the details.
_ELSEWHERE = (
    Phase.NOT_CONFIGURED,
    Phase.CONFIGURING,
    Phase.RESETTING,
    Phase.RESET,
    Phase.INSTANCE_UPDATING,
)


@never_cache
@require_safe
def manage(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """Leads to the screen that fits."""
    portal = managed_portal(request, portal_id)
    match Phase(portal.phase):
        case Phase.NOT_CONFIGURED:
            return redirect("provisioning:configure", portal.id)
        case Phase.CONFIGURED:
            return redirect("provisioning:details", portal.id)
        case Phase.CONFIGURING:
            return _watch(request, portal)
        case Phase.PROVISIONING_FAILED:
            return _failed(request, portal)
        case Phase.RESETTING:
            return _resetting(request, portal)
        case Phase.RESET_FAILED:
            return _reset_failed(request, portal)
        case Phase.INSTANCE_UPDATING:
            return _instance_updating(request, portal)
        case Phase.INSTANCE_UPDATE_FAILED:
            return _instance_update_failed(request, portal)
        case Phase.RESET:
            return render(
                request, "provisioning/was_reset.html", {**frame(portal, ""), "sentence": WAS_RESET}
            )


def _watch(request: HttpRequest, portal: Portal) -> HttpResponse:
    assert portal.provision_job is not None
    shown = {"sentence": BEING_CONFIGURED, "progress": progress_of(portal.provision_job)}
    return render(request, "provisioning/configuring.html", {**frame(portal, ""), **shown})


def _failed(request: HttpRequest, portal: Portal) -> HttpResponse:
    assert portal.provision_job is not None
    shown = {
        "sentence": PROVISIONING_ERROR,
        "progress": progress_of(portal.provision_job),
        "plan": restart_plan(portal.provision_job),
        "changes": history.changes(portal.provision_job),
        "job": portal.provision_job,
    }
    return render(request, "provisioning/failed.html", {**frame(portal, ""), **shown})


def _resetting(request: HttpRequest, portal: Portal) -> HttpResponse:
    assert portal.reset_job is not None
    shown = {"sentence": RESET_IN_PROGRESS, "progress": progress_of(portal.reset_job)}
    return render(request, "provisioning/resetting.html", {**frame(portal, ""), **shown})


def _reset_failed(request: HttpRequest, portal: Portal) -> HttpResponse:
    assert portal.reset_job is not None
    shown = {"sentence": RESET_ERROR, "progress": progress_of(portal.reset_job)}
    return render(request, "provisioning/reset_failed.html", {**frame(portal, ""), **shown})


def _instance_updating(request: HttpRequest, portal: Portal) -> HttpResponse:
    assert portal.instance_job is not None
    shown = {"sentence": INSTANCE_UPDATING, "progress": progress_of(portal.instance_job)}
    return render(request, "provisioning/instance_updating.html", {**frame(portal, ""), **shown})


def _instance_update_failed(request: HttpRequest, portal: Portal) -> HttpResponse:
    assert portal.instance_job is not None
    shown = {
        "sentence": INSTANCE_UPDATE_ERROR,
        "progress": progress_of(portal.instance_job),
        "plan": restart_plan(portal.instance_job),
        "changes": history.changes(portal.instance_job),
        "job": portal.instance_job,
        "url": portal.instance_job.inputs.get("url", ""),
        "bound_url": bound_url(portal),
    }
    return render(request, "provisioning/instance_update_failed.html", {**frame(portal, ""), **shown})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """Portal Details."""
    portal = managed_portal(request, portal_id)
    if request.method == "POST":
        return _update(request, portal)
    if portal.phase in _ELSEWHERE:
        return redirect("provisioning:portal", portal.id)
    return _details(request, portal, DetailsForm(portal=portal))


def _details(request: HttpRequest, portal: Portal, form: DetailsForm, *, status: int = 200) -> HttpResponse:
    installing = portal.packages == Packages.INSTALLING
    return render(
        request,
        "provisioning/details.html",
        {
            **frame(portal, "details"),
            "form": form,
            "owners": owners(portal),
            "may_add_owners": permissions.is_global_administrator(person(request)),
            "may_convert": portal.type == PortalType.TRIAL
            and permissions.may_add_applications(person(request)),
            "frozen": why_no_updates(Phase(portal.phase), Packages(portal.packages)),
            "language": language(portal.language or 0),
            "content_language": language(portal.content_language or portal.language or 0),
            "installing": installing,
            "moved": portal.phase == Phase.CONFIGURED and has_moved(portal),
            "progress": progress_of(portal.packages_job) if installing and portal.packages_job else None,
        },
        status=status,
    )


def _update(request: HttpRequest, portal: Portal) -> HttpResponse:
    form = DetailsForm(request.POST, portal=portal)
    try:
        require_updatable(portal)
        if not form.is_valid():
            return _details(request, portal, form, status=422)
        values = form.cleaned_data
        service.update(
            portal_id=portal.id,
            name=values["name"],
            development_status=values.get("development_status", ""),
            is_on=values["portal_state"] == "on",
            early_upgrade=values["early_upgrade"],
        )
    except NotNow as error:
        return render(
            request,
            "provisioning/not_now.html",
            {**frame(portal, "details"), "sentence": str(error)},
            status=409,
        )
    messages.success(request, "The portal was updated.")
    return redirect("provisioning:details", portal.id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def convert(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """From a trial to a paid subscription, which is the tenant's own decision."""
    portal = managed_portal(request, portal_id)
    if not permissions.may_add_applications(person(request)):
        raise PermissionDenied("Only a Global Administrator can change the subscription of a portal.")
    if request.method != "POST":
        return render(request, "provisioning/convert.html", {"portal": portal})
    if add_ons.convert_to_production(portal_id=portal.id):
        messages.success(request, "The portal belongs to a production subscription now.")
    return redirect("provisioning:portal", portal.id)


@require_POST
def restart(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """Restart Provisioning with the same values; a second click finds the first one's job."""
    portal = managed_portal(request, portal_id)
    if portal.provision_job is None:
        return redirect("provisioning:portal", portal.id)
    try:
        restarting.restart(job=portal.provision_job, user=person(request))
    except (jobs.NotRestartable, jobs.AlreadyActive) as error:
        messages.info(request, refusal(error, portal.provision_job))
    return redirect("provisioning:portal", portal.id)

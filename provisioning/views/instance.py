"""Manage Dynamics 365 Instance: where the portal's organization is, and Update Dynamics 365 URL."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.language import spoken
from jobs import restarting
from jobs.presentation import refusal
from jobs.services import AlreadyActive, NotRestartable
from organizations.locating import AddressRefused, same
from provisioning.binding import OtherOrganization, bound_url, has_moved
from provisioning.models import Portal
from provisioning.phases import Packages, Phase, why_no_instance_update
from provisioning.policies import NotNow
from provisioning.services import instance_url as service
from provisioning.views.access import frame, managed_portal, person

# Phases in which there is something to see here; in any other one Manage shows the screen that fits.
_HERE = (Phase.CONFIGURED, Phase.INSTANCE_UPDATE_FAILED)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def instance(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """The page; `action=check` looks at the new URL and asks back, any other answer begins the update."""
    portal = managed_portal(request, portal_id)
    if request.method != "POST":
        if portal.phase not in _HERE:
            return redirect("provisioning:portal", portal.id)
        return _page(request, portal, _proposed(portal))
    typed = request.POST.get("url", "")
    try:
        if request.POST.get("action") == "check":
            return _ask(request, portal, typed)
        service.submit(portal_id=portal.id, url=typed, user=person(request))
    except NotNow as error:
        shown = {**frame(portal, "instance"), "sentence": str(error)}
        return render(request, "provisioning/not_now.html", shown, status=409)
    except AddressRefused as error:
        return _page(request, portal, typed, error=spoken(error), code=error.code, status=422)
    except OtherOrganization as error:
        return _page(
            request,
            portal,
            typed,
            error=gettext(str(error)),
            code="other_organization",
            found=error.found,
            status=422,
        )
    except (AlreadyActive, NotRestartable) as error:
        messages.info(request, refusal(error, portal.instance_job))
    return redirect("provisioning:portal", portal.id)


@require_POST
def restart(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """The update once more, with the same URL; a second click finds the first one's job."""
    portal = managed_portal(request, portal_id)
    if portal.instance_job is not None:
        try:
            restarting.restart(job=portal.instance_job, user=person(request))
        except (NotRestartable, AlreadyActive) as error:
            messages.info(request, refusal(error, portal.instance_job))
    return redirect("provisioning:portal", portal.id)


def _ask(request: HttpRequest, portal: Portal, typed: str) -> HttpResponse:
    address, problem = service.check(portal=portal, url=typed)
    return _page(request, portal, address, asked=address, problem=problem)


def _proposed(portal: Portal) -> str:
    """What was tried last, or where the organization is said to be by now."""
    if portal.phase == Phase.INSTANCE_UPDATE_FAILED and portal.instance_job is not None:
        return str(portal.instance_job.inputs.get("url", ""))
    return portal.instance.url if portal.instance and has_moved(portal) else ""


def _page(request: HttpRequest, portal: Portal, url: str, *, status: int = 200, **shown: Any) -> HttpResponse:
    bound = bound_url(portal)
    page = {
        "url": url,
        "bound_url": bound,
        "moved": has_moved(portal),
        "failed": portal.phase == Phase.INSTANCE_UPDATE_FAILED,
        "back": same(shown.get("asked", ""), bound),
        "sentence": why_no_instance_update(Phase(portal.phase), Packages(portal.packages)),
        "job": portal.instance_job,
        **shown,
    }
    return render(request, "provisioning/instance.html", {**frame(portal, "instance"), **page}, status=status)

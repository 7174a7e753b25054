"""Portal Actions, and the reset that is asked for there."""

from __future__ import annotations

import logging
from uuid import UUID

from django.contrib import messages
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import audit
from jobs.errors import Blocked, Transient
from jobs.presentation import refusal
from jobs.services import AlreadyActive, NotRestartable
from jobs.settle import new_error_id
from provisioning import navigation
from provisioning.models import Portal, PortalType
from provisioning.phases import RESET_NOT_SUBMITTED, RESET_QUESTION, Phase
from provisioning.policies import NotNow, require_resettable
from provisioning.services import reset as service
from provisioning.views.access import frame, managed_portal, person

log = logging.getLogger(__name__)


@never_cache
@require_safe
def actions(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    portal = managed_portal(request, portal_id)
    if portal.phase != Phase.CONFIGURED:
        return redirect("provisioning:portal", portal.id)
    return render(
        request, "provisioning/actions.html", {**frame(portal, "actions"), "tiles": navigation.tiles(portal)}
    )


@require_safe
def reset_help(request: HttpRequest) -> HttpResponse:
    return render(request, "provisioning/reset_help.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """The dialog, and its answer."""
    portal = managed_portal(request, portal_id)
    try:
        if request.method != "POST":
            require_resettable(portal)
            return _dialog(request, portal)
        service.submit(portal_id=portal.id, user=person(request))
    except (NotNow, NotRestartable) as error:
        shown = {**frame(portal, "actions"), "sentence": str(error)}
        return render(request, "provisioning/not_now.html", shown, status=409)
    except AlreadyActive as error:
        messages.info(request, refusal(error))
    except Blocked as error:
        return _dialog(request, portal, problem=error.message, code=error.code, status=403)
    except (Transient, DatabaseError, InterfaceError) as error:
        return _not_submitted(request, portal, error)
    return redirect("provisioning:portal", portal.id)


def _dialog(
    request: HttpRequest,
    portal: Portal,
    *,
    problem: str = "",
    code: str = "",
    error_id: str = "",
    status: int = 200,
) -> HttpResponse:
    shown = {
        "question": RESET_QUESTION,
        "problem": problem,
        "code": code,
        "error_id": error_id,
        "names_url": portal.type == PortalType.PRODUCTION,
    }
    return render(request, "provisioning/reset.html", {**frame(portal, "actions"), **shown}, status=status)


def _not_submitted(request: HttpRequest, portal: Portal, error: Exception) -> HttpResponse:
    """Nothing was begun; the log has the cause under the Error ID."""
    error_id = new_error_id()
    audit.tell_error_id(error_id)
    log.error("The reset of portal %s was not submitted [%s]", portal.id, error_id, exc_info=error)
    return _dialog(
        request, portal, problem=RESET_NOT_SUBMITTED, code="not_submitted", error_id=error_id, status=503
    )

"""Set up custom domains and SSL, and removing what is set up there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.language import spoken
from domains import drafts, queries
from domains.certificates import expiry
from domains.policies import require_domains
from domains.progress import progress_of
from domains.services import binding
from jobs.presentation import refusal
from jobs.services import AlreadyActive
from provisioning.models import Portal
from provisioning.policies import NotNow
from provisioning.views.access import frame, managed_portal, person


def _not_now(request: HttpRequest, portal: Portal, error: NotNow) -> HttpResponse:
    shown = {**frame(portal, "domains"), "sentence": str(error)}
    return render(request, "provisioning/not_now.html", shown, status=409)


@never_cache
@require_safe
def domains(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """Both grids: the host name, and its SSL binding."""
    portal = managed_portal(request, portal_id)
    try:
        require_domains(portal)
    except NotNow as error:
        return _not_now(request, portal, error)
    shown: dict[str, Any] = {"draft": drafts.of(portal), "progress": None}
    if domain := queries.domain_of(portal):
        shown["progress"] = progress_of(domain)
        shown["standing"] = expiry.standing(domain.certificate, timezone.now())
    return render(request, "domains/domains.html", {**frame(portal, "domains"), **shown})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """The question, and its answer. The certificate stays with its organization."""
    portal = managed_portal(request, portal_id)
    domain = queries.domain_of(portal)
    if domain is None:
        messages.info(request, gettext("This portal has no custom domain."))
        return redirect("domains:domains", portal.pk)
    if request.method != "POST":
        return render(
            request, "domains/remove.html", {**frame(portal, "domains"), "progress": progress_of(domain)}
        )
    try:
        binding.unbind(portal_id=portal.pk, user=person(request))
    except AlreadyActive as error:
        messages.info(request, refusal(error))
    except binding.BindingRefused as error:
        messages.info(request, spoken(error))
    except NotNow as error:
        return _not_now(request, portal, error)
    return redirect("domains:domains", portal.pk)

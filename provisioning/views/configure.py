"""Configure Your Portal, and the terms of service before it is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits
from jobs.services import AlreadyActive
from provisioning import names, queries, terms
from provisioning.choices import choices_for
from provisioning.features import COMPARISON
from provisioning.forms import ConfigureForm
from provisioning.models import Portal
from provisioning.phases import Phase, may_be_configured
from provisioning.services import drafts, provision
from provisioning.views.access import managed_portal, person

_FIELDS = tuple(ConfigureForm.base_fields.keys() - {"addons"})
URL_CHECKS = 60  # a minute


def _form(request: HttpRequest, portal: Portal, values: Mapping[str, Any], *, bound: bool) -> ConfigureForm:
    choices = choices_for(
        person(request), instance=str(values.get("instance", "")), audience=str(values.get("audience", ""))
    )
    if bound:
        return ConfigureForm(values, portal=portal, choices=choices)
    first = {"instance": str(choices.instance.id)} if choices.instance else {}
    return ConfigureForm(portal=portal, choices=choices, initial={**first, **values})


def _page(portal: Portal, form: ConfigureForm) -> dict[str, Any]:
    return {"portal": portal, "form": form, "features": COMPARISON}


def _sent(values: QueryDict) -> dict[str, Any]:
    """The form's own fields as they were sent, bounded: a draft is no place for novels."""
    sent: dict[str, Any] = {name: str(values[name])[:500] for name in _FIELDS if values.get(name)}
    sent["addons"] = [name[:100] for name in values.getlist("addons")[:20]]
    return sent


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def configure(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    portal = managed_portal(request, portal_id)
    if not may_be_configured(Phase(portal.phase)):
        return redirect("provisioning:portal", portal.id)
    if request.method != "POST":
        form = _form(request, portal, drafts.values_of(portal) or drafts.values_from(portal), bound=False)
        return render(request, "provisioning/configure.html", _page(portal, form))
    values = _sent(request.POST)
    drafts.keep(portal=portal, values=values, edited_by=person(request))
    if "show" in request.POST:  # without JavaScript: show the lists for what was chosen
        return redirect("provisioning:configure", portal.id)
    form = _form(request, portal, values, bound=True)
    if form.is_valid():
        return redirect("provisioning:terms", portal.id)
    return render(request, "provisioning/configure.html", _page(portal, form), status=422)


@never_cache
@require_safe
def instance_options(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """Fragment: languages and administrators of the chosen instance."""
    portal = managed_portal(request, portal_id)
    form = _form(request, portal, _sent(request.GET), bound=False)
    return render(request, "provisioning/_instance_options.html", _page(portal, form))


@never_cache
@require_safe
def kind_options(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """Fragment: kinds of portals for the chosen audience."""
    portal = managed_portal(request, portal_id)
    form = _form(request, portal, _sent(request.GET), bound=False)
    return render(request, "provisioning/_kind_options.html", _page(portal, form))


@never_cache
@require_safe
def url_check(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """Fragment: whether the URL can be had. Only for those who may configure the portal, and so often a minute."""
    portal = managed_portal(request, portal_id)
    if not limits.allow(person=person(request).pk, action="check-url", per_minute=URL_CHECKS):
        return render(request, "provisioning/_url_check.html", {"code": "too_many_checks"}, status=429)
    verdict = {"free": "", "code": "", "message": ""}
    try:
        verdict["free"] = names.subdomain(request.GET.get("subdomain", ""))
        instance_id = _uuid(request.GET.get("instance", ""))
        if queries.subdomain_taken(verdict["free"], instance_id=instance_id, portal_id=portal.id):
            verdict = {"free": "", "code": "url_taken", "message": "This URL is taken. Choose another one."}
    except names.NameRefused as error:
        verdict = {"free": "", "code": error.code, "message": str(error)}
    return render(request, "provisioning/_url_check.html", verdict)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """The terms of service; accepting them submits the draft, checked once more."""
    portal = managed_portal(request, portal_id)
    if not may_be_configured(Phase(portal.phase)):
        return redirect("provisioning:portal", portal.id)
    form = _form(request, portal, drafts.values_of(portal), bound=True)
    if not form.is_valid():
        return render(request, "provisioning/configure.html", _page(portal, form), status=422)
    if request.method != "POST":
        return render(
            request, "provisioning/terms.html", {"portal": portal, "form": form, "terms": terms.CURRENT}
        )
    if request.POST.get("accept") != terms.CURRENT.version:
        messages.error(
            request, "The terms of service were not accepted, or have changed. Please read them again."
        )
        return redirect("provisioning:terms", portal.id)
    return _submit(request, portal, form)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "provisioning/privacy.html")


def _submit(request: HttpRequest, portal: Portal, form: ConfigureForm) -> HttpResponse:
    try:
        provision.submit(
            portal_id=portal.id,
            configuration=form.configuration(),
            terms_version=terms.CURRENT.version,
            user=person(request),
        )
    except provision.NotPermitted as error:
        raise PermissionDenied(str(error)) from error
    except (provision.AlreadySubmitted, AlreadyActive) as error:
        messages.info(request, str(error))
    return redirect("provisioning:portal", portal.id)

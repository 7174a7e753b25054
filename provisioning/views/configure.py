"""Configure Your Portal, and the terms of service before it is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits
from accounts.language import spoken
from jobs.models import Job
from jobs.presentation import already_started, refusal
from jobs.services import AlreadyActive, NotRestartable
from organizations.languages import language
from provisioning import names, queries, terms
from provisioning.choices import choices_for
from provisioning.features import COMPARISON
from provisioning.forms import ConfigureForm
from provisioning.models import Draft, Portal
from provisioning.phases import Phase, may_be_configured
from provisioning.policies import NotNow, require_failed
from provisioning.services import drafts
from provisioning.services import provision as service
from provisioning.views.access import frame, managed_portal, person

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
            verdict = {
                "free": "",
                "code": "url_taken",
                "message": gettext("This URL is taken. Choose another one."),
            }
    except names.NameRefused as error:
        verdict = {"free": "", "code": error.code, "message": spoken(error)}
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
    draft = drafts.of(portal)
    form = _form(request, portal, draft.values if draft else {}, bound=True)
    if not form.is_valid() or draft is None:
        return render(request, "provisioning/configure.html", _page(portal, form), status=422)
    now = f"{terms.CURRENT.version}:{draft.revision}"
    if request.method == "POST" and _accepted(request, portal, draft, now):
        return _submit(request, portal, form, draft.revision)
    if request.method == "POST":
        return redirect("provisioning:terms", portal.id)
    request.session[_shown(portal)] = now
    shown = {"portal": portal, "form": form, "configuration": form.configuration(), "now": now}
    shown["language"] = language(form.configuration().language)
    return render(request, "provisioning/terms.html", {**shown, "terms": terms.CURRENT})


def _shown(portal: Portal) -> str:
    """Where the session keeps which terms and which values this person has seen together."""
    return f"terms:{portal.id}"


def _accepted(request: HttpRequest, portal: Portal, draft: Draft, now: str) -> bool:
    """Accepted is what was seen: these terms, with these values. Otherwise it is said, and shown anew."""
    if not request.POST.get("accept"):
        messages.error(request, gettext("The terms of service were not accepted. Please read them again."))
        return False
    if request.session.get(_shown(portal)) == now == request.POST.get("shown", now):
        return True
    who = str(draft.edited_by) if draft.edited_by else gettext("Somebody")
    sentence = gettext(
        "Nothing was submitted yet: %(who)s changed the values, or the terms changed, after you saw them."
    )
    messages.warning(request, sentence % {"who": who})
    return False


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """Change Values and Restart Provisioning: the same form, with the values of the attempt that failed."""
    portal = managed_portal(request, portal_id)
    try:
        require_failed(portal)
        values = _sent(request.POST) if request.method == "POST" else drafts.values_from(portal)
        form = _form(request, portal, values, bound=request.method == "POST" and "show" not in request.POST)
        if form.is_bound and form.is_valid():
            service.change(portal_id=portal.id, configuration=form.configuration(), user=person(request))
            return redirect("provisioning:portal", portal.id)
    except NotNow as error:
        shown = {**frame(portal, ""), "sentence": str(error)}
        return render(request, "provisioning/not_now.html", shown, status=409)
    except service.NotPermitted as error:
        raise PermissionDenied(str(error)) from error
    except (AlreadyActive, NotRestartable) as error:
        messages.info(request, refusal(error))
        return redirect("provisioning:portal", portal.id)
    page = {**_page(portal, form), "changing": True}
    return render(request, "provisioning/configure.html", page, status=422 if form.errors else 200)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "provisioning/privacy.html")


def _submit(request: HttpRequest, portal: Portal, form: ConfigureForm, revision: int) -> HttpResponse:
    try:
        service.submit(
            portal_id=portal.id,
            configuration=form.configuration(),
            terms_version=terms.CURRENT.version,
            user=person(request),
            revision=revision,
        )
    except service.NotPermitted as error:
        raise PermissionDenied(str(error)) from error
    except service.ChangedMeanwhile:
        return redirect("provisioning:terms", portal.id)
    except service.AlreadySubmitted as error:
        messages.info(request, _who_was_first(error.job))
    except AlreadyActive as error:
        messages.info(request, refusal(error))
    request.session.pop(_shown(portal), None)
    return redirect("provisioning:portal", portal.id)


def _who_was_first(job: Job | None) -> str:
    """In the reader's language; without a job nobody knows any more who it was."""
    if job is None:
        return gettext("The configuration of this portal was submitted already.")
    return already_started(job)

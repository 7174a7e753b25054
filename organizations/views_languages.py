"""Languages of an instance: which are enabled, and the change of that."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import audit, permissions
from jobs.errors import JobError
from organizations import language_list, trail
from organizations.connect import connect
from organizations.languages import language
from organizations.models import Instance
from organizations.views_access import administered, person, visible


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def languages(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """A change is asked back first: `?enable=` or `?disable=` with the LCID."""
    if request.method == "POST":
        return _change(request, administered(request, instance_id))
    instance = visible(request, instance_id)
    rows, problem = [], None
    try:
        rows = language_list.rows(instance)
    except JobError as error:
        problem = error
    action = next((name for name in ("enable", "disable") if name in request.GET), "")
    may_administer = permissions.may_administer_instance(person(request), instance.id)
    asked = (
        language_list.question(instance, rows, action=action, lcid=request.GET.get(action, ""))
        if may_administer
        else None
    )
    shown = {
        "rows": rows,
        "problem": problem,
        "question": asked,
        "may_administer": may_administer,
        "may_set_default": permissions.is_system_administrator(person(request), instance.id),
    }
    return render(request, "organizations/languages.html", {"instance": instance, **shown})


def _change(request: HttpRequest, instance: Instance) -> HttpResponse:
    lcid = _lcid(request.POST.get("lcid", ""))
    name = language(lcid).name_in(get_language() or "en")
    organization = connect(instance)
    try:
        match request.POST.get("action"):
            case "enable":
                organization.enable_language(lcid)
                said = gettext(
                    "%(language)s is enabled. Portals get the labels of their solutions in it with “Get latest "
                    "metadata translations” in Portal Actions."
                )
            case "disable":
                organization.disable_language(lcid)
                said = gettext("%(language)s is disabled. What people wrote in it is kept.")
            case "default" if permissions.is_system_administrator(person(request), instance.id):
                organization.set_default_language(lcid)
                said = gettext("%(language)s is the default language now.")
            case _:
                return redirect("organizations:languages", instance.id)
        language_list.remember(instance.id, organization.provisioned_languages())
    except JobError as error:
        audit.refused(audit.Verb.CHANGE_LANGUAGES, subject=trail.subject(instance), error=error)
        messages.error(request, error.message)
    else:
        trail.languages(instance, change=request.POST.get("action", ""), lcid=lcid)
        messages.success(request, said % {"language": name})
    return redirect("organizations:languages", instance.id)


def _lcid(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else 0

"""Labels of an instance: looked for, changed, taken back; and a translation file imported."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.language import spoken
from jobs.errors import JobError
from organizations import labels as service
from organizations import trail, uploads
from organizations.connect import connect
from organizations.languages import language
from organizations.models import Instance
from organizations.packages.reader import MAX_LABEL_LENGTH
from organizations.ports import Operation
from organizations.queries import enabled_languages
from organizations.views_access import visible


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def labels(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """Customizers change labels, too, so whoever sees the instance may."""
    instance = visible(request, instance_id)
    asked = service.asked(
        request.GET.dict(), enabled=enabled_languages(instance), base=instance.base_language
    )
    if request.method != "POST":
        return _page(request, instance, asked)
    if "file" in request.POST or request.FILES:
        return _import(request, instance, asked)
    return _write(request, instance, asked)


def _page(
    request: HttpRequest, instance: Instance, asked: service.Asked, *, problem: str = "", code: str = ""
) -> HttpResponse:
    here = instance.kind == Instance.Kind.EMBEDDED
    page = service.page(instance, asked) if here else None
    shown: dict[str, Any] = {
        "instance": instance,
        "asked": asked,
        "spoken": language(asked.lcid),
        "base": language(instance.base_language),
        "languages": [language(lcid) for lcid in enabled_languages(instance)],
        "page": page,
        "next": asked.query_string(after=page.next) if page and page.next else "",
        "problem": problem,
        "code": code,
        "limit": MAX_LABEL_LENGTH,
    }
    return render(request, "organizations/labels.html", shown, status=422 if problem else 200)


def _write(request: HttpRequest, instance: Instance, asked: service.Asked) -> HttpResponse:
    key = {"component": request.POST.get("component", ""), "column": request.POST.get("column", "")}
    if instance.kind != Instance.Kind.EMBEDDED:
        return _back(instance, asked)
    if "remove" in request.POST:
        if service.remove(instance=instance, lcid=asked.lcid, **key):
            messages.success(request, gettext("Your own text was removed; the solution’s shows again."))
        return _back(instance, asked)
    try:
        service.write(
            instance=instance,
            lcid=asked.lcid,
            text=request.POST.get("text", ""),
            enabled=enabled_languages(instance),
            **key,
        )
    except service.BadLabel as error:
        return _page(request, instance, asked, problem=spoken(error), code="bad_label")
    messages.success(request, gettext("The label was changed."))
    return _back(instance, asked)


def _back(instance: Instance, asked: service.Asked) -> HttpResponse:
    query = asked.query_string(after=asked.after)
    return redirect(f"{reverse('organizations:labels', args=[instance.id])}?{query}")


def _import(request: HttpRequest, instance: Instance, asked: service.Asked) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None:
        return _page(request, instance, asked, problem=gettext("Choose a translation file."), code="required")
    if (file.size or 0) > uploads.MAX_BYTES:
        return _page(request, instance, asked, problem=gettext("The file is too large."), code="too_large")
    try:
        operation = connect(instance).import_translations(file.read(), operation_id=uuid4())
    except JobError as error:
        return _page(request, instance, asked, problem=error.message, code=error.code)
    trail.imported(instance, file=file.name or "", operation=operation.id)
    messages.success(request, _told(operation))
    return redirect(
        f"{reverse('organizations:labels', args=[instance.id])}?{urlencode({'language': asked.lcid})}"
    )


def _told(operation: Operation) -> str:
    if not operation.state.finished or not operation.labels:
        return gettext("The organization took the file.")
    written = sum(changes.added + changes.changed for changes in operation.labels)
    said = ngettext("%(count)s text was taken over.", "%(count)s texts were taken over.", written) % {
        "count": written
    }
    skipped = [language(changes.lcid).name for changes in operation.labels if changes.skipped]
    if skipped:
        said += " " + gettext("Left out, since not enabled: %(languages)s.") % {
            "languages": ", ".join(skipped)
        }
    return said

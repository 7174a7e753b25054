"""The audit trail's page, its list and its file."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import permissions, spreadsheet
from accounts.audit import export, listing
from accounts.audit.listing import Asked
from accounts.audit.recording import record
from accounts.audit.subjects import Subject
from accounts.audit.verbs import Verb
from accounts.models import User
from accounts.words import N_

NOT_ALLOWED = N_("This page is for global administrators and support staff.")


def _asked(request: HttpRequest) -> Asked:
    """What somebody who may read the trail asks for. Raises PermissionDenied."""
    if not isinstance(request.user, User) or not permissions.may_read_audit(request.user):
        raise PermissionDenied(NOT_ALLOWED)
    return Asked.from_query(request.GET.dict())


@never_cache
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    choices = {"verbs": listing.verbs, "results": listing.results, "kinds": listing.kinds}
    return render(request, "accounts/audit.html", {**_shown(_asked(request)), **choices})


@never_cache
@require_safe
def audit_list(request: HttpRequest) -> HttpResponse:
    """Fragment: the list, for what somebody typed or chose; the address of the page says for what."""
    asked = _asked(request)
    response = render(request, "accounts/_audit.html", {**_shown(asked), "fragment": True})
    query = asked.query_string()
    response["HX-Push-Url"] = reverse("audit") + (f"?{query}" if query else "")
    return response


def _shown(asked: Asked) -> dict[str, Any]:
    return {"listing": listing.listing(asked), "asked": asked, "anew": asked.query_string(after="")}


@never_cache
@require_safe
def audit_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Everything that the present filter finds, as a file; that it was taken is written down before it is sent."""
    asked = _asked(request)
    record(Verb.EXPORT_AUDIT, subject=Subject("audit"), after={"filter": asked.query_string(after="")})
    records = listing.in_order(asked).iterator(chunk_size=spreadsheet.CHUNK)
    response = StreamingHttpResponse(
        export.lines(records, language=get_language() or "en"), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="audit-{timezone.now():%Y-%m-%d}.csv"'
    return response

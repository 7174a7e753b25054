"""What a person chooses for themselves."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import audit
from accounts.language import supported
from accounts.models import User


@login_not_required
@never_cache
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Choose the interface's language, before sign-in too; "" is the browser's. Then back to where one was."""
    code = request.POST.get("language", "")
    response = HttpResponseRedirect(_back(request))
    if code and not supported(code):
        return response
    if isinstance(request.user, User):
        _keep(request.user, code)
    # The pages before the next sign-in speak it, too.
    name = settings.LANGUAGE_COOKIE_NAME
    if code:
        response.set_cookie(
            name,
            code,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    else:
        response.delete_cookie(name, samesite="Lax")
    return response


@transaction.atomic
def _keep(user: User, code: str) -> None:
    if user.language == code:
        return
    before, user.language = user.language, code
    user.save(update_fields=["language"])
    subject = audit.Subject("person", str(user.pk), str(user))
    audit.record(
        audit.Verb.CHOOSE_LANGUAGE, subject=subject, before={"language": before}, after={"language": code}
    )


def _back(request: HttpRequest) -> str:
    """A page of ours; everything else leads to the first one."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours and wanted.startswith("/") else "/"

"""Pages that are no portal's content: nobody is here, not ready, switched off, out of order.

They ask neither the organization nor its records, so that they can be shown when nothing else can.
"""

from __future__ import annotations

import math

from django.http import HttpResponse
from django.template.loader import render_to_string

from organizations.languages import ENGLISH, LanguageInfo, language
from provisioning.models import Portal
from sites.site import language_of
from sites.words import Words, words

# Seconds after which asking again is worth while.
SOON = 30
LATER = 3600
# The page of a portal that is being set up looks again by itself.
REFRESH = 15

_ENGLISH = language(ENGLISH)


def nobody() -> HttpResponse:
    """No portal answers at this address; the same words whatever the reason, and nothing about other portals."""
    return _notice(
        404, "There is no portal at this address.", "Please check the address, or ask whoever gave it to you."
    )


def getting_set_up(portal: Portal) -> HttpResponse:
    """The address works, and the portal's packages are not installed yet."""
    copy = "This site is being prepared. It will appear here by itself as soon as it is ready."
    return _notice(503, "Getting set up", copy, site=portal.name, retry_after=SOON, refresh=REFRESH)


def off(portal: Portal) -> HttpResponse:
    """Portal state: Off."""
    said, spoken = _words(portal)
    return _notice(503, said.off_title, said.off_copy, site=portal.name, retry_after=LATER, language=spoken)


def unavailable(portal: Portal | None = None, *, retry_after: float | None = None) -> HttpResponse:
    """The organization (or our own database) does not answer. `retry_after`: seconds that it asked for."""
    said, spoken = _words(portal)
    return _notice(
        503,
        said.unavailable_title,
        said.unavailable_copy,
        site=portal.name if portal else "",
        retry_after=max(1, math.ceil(retry_after)) if retry_after else SOON,
        language=spoken,
    )


def failed() -> HttpResponse:
    """Something went wrong on our side."""
    return _notice(500, "Something went wrong", "It is not your doing. Please try again in a moment.")


def refused(status: int) -> HttpResponse:
    """A request that makes no sense here."""
    return _notice(status, "That did not work", "This address cannot be opened in that way.")


def _words(portal: Portal | None) -> tuple[Words, LanguageInfo]:
    """The portal's words and the language that they are in, which is English where we lack its own."""
    wanted = language_of(portal) if portal else _ENGLISH
    said = words(wanted.tag)
    return said, wanted if wanted.tag.startswith(said.tag) else _ENGLISH


def _notice(
    status: int,
    title: str,
    copy: str,
    *,
    site: str = "",
    retry_after: int | None = None,
    refresh: int | None = None,
    language: LanguageInfo = _ENGLISH,
) -> HttpResponse:
    context = {"title": title, "copy": copy, "site": site, "refresh": refresh, "language": language}
    response = HttpResponse(render_to_string("sites/notice.html", context), status=status)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
        # Django would log each 503 as an error of ours, and this one is meant; why it came is logged where it is known.
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response

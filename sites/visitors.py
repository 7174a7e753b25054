"""The door of every address of a portal: who is asked for, does it answer, and what its headers say."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, set_response_etag
from django.views.decorators.csrf import csrf_exempt

from domains.routing import portal_at, portal_of
from jobs.errors import JobError, Transient
from provisioning.models import Portal
from sites import notices
from sites.site import Site, face_of, may_be_indexed, site_of

logger = logging.getLogger(__name__)

METHODS = ("GET", "HEAD")
SiteView = Callable[[HttpRequest, Site], HttpResponse]


def for_visitors(view: SiteView) -> Callable[[HttpRequest], HttpResponseBase]:
    """Calls the view with the site of the request's host, if it shows pages now; else answers with a notice.

    Answers of a routed portal carry `X-Portal-Id` and `X-Portal-State` (`provisioning.ports.Face`), which the
    hosting's probe reads.
    """

    # Nothing here takes a form; without this, a form sent here would be told of a token instead of 405.
    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponseBase:
        try:
            portal = _portal(request)
        except (OperationalError, InterfaceError):
            logger.exception("The database does not answer")
            return notices.unavailable()
        if portal is None:
            return notices.nobody()
        response = _answer(request, portal, view)
        response["X-Portal-Id"] = str(portal.id)
        response["X-Portal-State"] = face_of(portal).value
        return response

    return answer


def _portal(request: HttpRequest) -> Portal | None:
    domain = request.custom_domain  # type: ignore[attr-defined]
    return portal_at(request.portal_host) if domain is None else portal_of(domain)  # type: ignore[attr-defined]


def _answer(request: HttpRequest, portal: Portal, view: SiteView) -> HttpResponseBase:
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if not portal.is_on:
        return notices.off(portal)
    try:
        site = site_of(portal)
        if site is None:
            return notices.getting_set_up(portal)
        response = view(request, site)
    except Transient as error:
        logger.warning("The organization of portal %s: %s", portal.id, error)
        return notices.unavailable(portal, retry_after=error.retry_after)
    except (JobError, OperationalError, InterfaceError) as error:  # nothing that a visitor could do about
        logger.warning("The organization of portal %s: %s", portal.id, error)
        return notices.unavailable(portal)
    if not may_be_indexed(portal):
        response["X-Robots-Tag"] = "noindex"
    return _unless_known(request, response)


def _unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """304 for a browser that has this very answer. It must ask each time, so that a change shows at once."""
    if response.status_code != 200:
        return response
    response["Cache-Control"] = "no-cache"
    set_response_etag(response)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response

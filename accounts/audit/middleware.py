"""The one place that sees every answer: what was refused, and what was asked for without changing anything."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import limits
from accounts.audit import origin, recording, subjects
from accounts.audit.origin import Origin
from accounts.audit.recording import Entry
from accounts.audit.subjects import Subject
from accounts.audit.verbs import Result, Verb
from accounts.audit.watching import watching

log = logging.getLogger(__name__)

# Asked by balancers and supervisors, while the database may be down.
_MACHINES = frozenset({"/healthz", "/readyz"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# Answers that refuse: to look at all, and what somebody wanted to change.
_REFUSED = frozenset({403, 429})
_REFUSED_ANYWAY = _REFUSED | {409}
_REFUSED_CHANGE = _REFUSED_ANYWAY | {400, 422}
_NOTHING_THERE = frozenset({404, 405})
# Refusals of people who are not signed in are written so often a minute for each address: nobody fills the disk.
STRANGERS = 60


class AuditMiddleware:
    """Stands behind authentication, so that it knows who asks. Other hosts (portals, organizations) are not its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if getattr(request, "urlconf", None) is not None or request.path in _MACHINES:
            return self.get_response(request)
        with origin.answering(request) as here:
            response = self._answer(request, here)
            try:
                _complete(here, response.status_code)
            except (DatabaseError, InterfaceError):  # the answer is worth more than its record
                log.exception("Not in the audit trail: %s %s", request.method, request.path)
        return response

    def _answer(self, request: HttpRequest, here: Origin) -> HttpResponseBase:
        if request.method in _READING:
            return self.get_response(request)
        with watching(here):
            return self.get_response(request)


def _complete(here: Origin, status: int) -> None:
    # An invalid form may have been kept as a draft, which was written down.
    if not here.refusals and (not here.written or status in _REFUSED_ANYWAY or status >= 500):
        _note_the_answer(here, status)
    if here.refusals and _may_write(here):
        recording.write_all(here, failed=status >= 500)


def _note_the_answer(here: Origin, status: int) -> None:
    """No service wrote anything down: was it refused, was it done all the same, or was there nothing to change?"""
    request = here.request
    changing = request.method not in _READING
    if status in (_REFUSED_CHANGE if changing else _REFUSED):
        result = Result.REFUSED
    elif status >= 500:
        result = Result.FAILED
    elif here.changed:
        result = Result.DONE
    elif changing and status not in _NOTHING_THERE and origin.person_of(request) is not None:
        result = Result.UNCHANGED
    else:
        return
    match = request.resolver_match
    verb = subjects.form(match.view_name) if match and changing else Verb.OPEN_PAGE
    subject = (subjects.named_in(match.kwargs) if match else None) or Subject("page", name=request.path)
    code = "" if result in (Result.UNCHANGED, Result.DONE) else str(status)
    entry = Entry(verb, subject, result=result, code=code)
    here.note(None, entry)


def _may_write(here: Origin) -> bool:
    if origin.person_of(here.request) is not None:
        return True
    address = origin.address_of(here.request) or "unknown"
    return limits.allow(person=address, action="audit", per_minute=STRANGERS)

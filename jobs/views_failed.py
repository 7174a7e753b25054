"""Failed jobs by their cause, and a restart of all of one cause, seen before it is done."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from jobs import causes, restarting
from jobs.causes import Cause
from jobs.listing import subjects_of
from jobs.presentation import refusal
from jobs.restarting import Outcome


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def failed(request: HttpRequest) -> HttpResponse:
    """All causes; with `kind` and `code` the jobs of one, and what a restart of them would do."""
    assert isinstance(request.user, User)
    asked = request.POST if request.method == "POST" else request.GET
    cause = Cause.asked(asked.get("kind", ""), asked.get("code", ""))
    if cause is None:
        return render(request, "jobs/failed.html", {"groups": causes.groups(request.user)})
    if request.method == "POST":
        return _restart(request, request.user, cause)
    preview = causes.preview(request.user, cause, after=request.GET.get("after", ""))
    if not preview.rows:
        return redirect("jobs:failed")
    return render(request, "jobs/failed_preview.html", {"preview": preview})


def _restart(request: HttpRequest, user: User, cause: Cause) -> HttpResponse:
    """Only the jobs that were shown and chosen; each tells what came of it."""
    jobs = causes.chosen(user, cause, _ids(request.POST.getlist("job")))
    outcomes = restarting.restart_each(jobs=jobs, user=user)
    subjects = subjects_of(jobs)
    lines = [(outcome, subjects.get(str(outcome.job.id)), _words(outcome)) for outcome in outcomes]
    begun = sum(outcome.attempt is not None for outcome in outcomes)
    return render(request, "jobs/failed_result.html", {"cause": cause, "lines": lines, "begun": begun})


def _ids(texts: list[str]) -> list[UUID]:
    """Those that are ids, at most so many as a page shows; nonsense chooses nothing."""
    found = []
    for text in texts[: restarting.MOST]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _words(outcome: Outcome) -> str:
    """Why it was not restarted, in the reader's language; "" when it was."""
    if outcome.error is not None:
        return refusal(outcome.error, outcome.job)
    return gettext(outcome.why_not) if outcome.why_not else ""

"""A job's own page, and the fragment that pages poll."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.models import User
from jobs import causes, history, registry, restarting, rights, services, watching
from jobs.errors import JobError
from jobs.models import Job
from jobs.possibilities import possibilities
from jobs.presentation import progress_of, refusal, restart_plan, seen_of, state_seen, state_words
from jobs.states import JobState


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _job(request: HttpRequest, job_id: UUID, *, to_act: bool = False) -> Job:
    """The job, for somebody who may see it (or act on it). Raises Http404, PermissionDenied."""
    job = get_object_or_404(Job.objects.select_related("requested_by", "cancel_requested_by"), pk=job_id)
    if to_act:
        rights.ask_again(_person(request), [job])
    kind = registry.shown(job.kind, job.definition)
    if kind is None or not (kind.may_act if to_act else kind.may_see)(_person(request), job):
        raise PermissionDenied("You may not see this job, since you do not manage what it works on.")
    return job


@never_cache
@require_safe
def detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = _job(request, job_id)
    can = {possibility.name: possibility for possibility in possibilities(job, _person(request))}
    shown = {"progress": progress_of(job), "can": can, **_told(job)}
    if can["restart"].is_open:
        shown |= {"plan": restart_plan(job), "further": causes.further(_person(request), job)}
    return render(request, "jobs/detail.html", {"job": job, **shown})


def _told(job: Job) -> dict[str, Any]:
    return {
        "attempts": [(attempt, state_words(JobState(attempt.state))) for attempt in history.attempts(job)],
        "changes": history.changes(job),
        "resources": history.resources(job),
        "events": history.events(job, words=state_words),
    }


@never_cache
@require_safe
def status(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Fragment. 204 when the page shows the present state already; the whole page comes anew when the job ends,
    since what can be done there changes with it."""
    if watching.was_let_in(_person(request).pk, job_id) and _unchanged(request, job_id):
        return HttpResponse(status=204)
    job = _job(request, job_id)
    watching.note(_person(request).pk, job_id)
    if request.GET.get("seen") == seen_of(job, timezone.now()):
        return HttpResponse(status=204)
    if not job.is_active and request.headers.get("HX-Request"):
        return HttpResponseClientRefresh()
    announce = state_seen(request.GET.get("seen", "")) != job.state
    return render(request, "jobs/_status.html", {"progress": progress_of(job), "announce": announce})


def _unchanged(request: HttpRequest, job_id: UUID) -> bool:
    """Whether the page shows the present state: one small query, unless the job is due and nobody takes it."""
    job = watching.glance(job_id)
    return job is not None and request.GET.get("seen") == seen_of(job, timezone.now())


def _fresh(job: Job) -> Job:
    job.refresh_from_db(fields=["state"])
    return job


@require_POST
def restart(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = _job(request, job_id, to_act=True)
    try:
        job = restarting.restart(job=job, user=_person(request))
    except (services.NotRestartable, services.AlreadyActive) as error:
        messages.info(request, refusal(error, _fresh(job)))
    except JobError as error:  # a right is missing, or somebody who must be asked first does not answer
        messages.error(request, refusal(error))
    return redirect("jobs:detail", job.id)


@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = _job(request, job_id, to_act=True)
    try:
        services.cancel(job_id=job.id, requested_by=_person(request))
    except services.NotCancellable as error:
        messages.info(request, refusal(error, _fresh(job)))
    return redirect("jobs:detail", job.id)

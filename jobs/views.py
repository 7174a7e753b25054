"""A job's own page, and the fragment that pages poll."""

from __future__ import annotations

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
from jobs import registry, services
from jobs.models import Job
from jobs.presentation import progress_of, refusal, seen_of, state_seen, state_words
from jobs.states import RESTARTABLE, JobState


def _job(request: HttpRequest, job_id: UUID, *, to_act: bool = False) -> Job:
    """The job, for somebody who may see it (or act on it). Raises Http404, PermissionDenied."""
    job = get_object_or_404(Job.objects.select_related("requested_by"), pk=job_id)
    kind = registry.shown(job.kind, job.definition)
    assert isinstance(request.user, User)
    if kind is None or not (kind.may_act if to_act else kind.may_see)(request.user, job):
        raise PermissionDenied("You may not see this job, since you do not manage what it works on.")
    return job


@never_cache
@require_safe
def detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = _job(request, job_id)
    newer = job.restarts.order_by("-created_at").first()
    shown = {
        "progress": progress_of(job),
        "events": [(event, state_words(JobState(event.state))) for event in job.events.all()],
        "newer": newer,
        "may_restart": job.state in RESTARTABLE and newer is None,
        "may_cancel": job.is_active and job.state != JobState.CANCELLING,
    }
    return render(request, "jobs/detail.html", {"job": job, **shown})


@never_cache
@require_safe
def status(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Fragment. 204 when the page shows the present state already; the whole page comes anew when the job ends,
    since what can be done there changes with it."""
    job = _job(request, job_id)
    if request.GET.get("seen") == seen_of(job, timezone.now()):
        return HttpResponse(status=204)
    if not job.is_active and request.headers.get("HX-Request"):
        return HttpResponseClientRefresh()
    announce = state_seen(request.GET.get("seen", "")) != job.state
    return render(request, "jobs/_status.html", {"progress": progress_of(job), "announce": announce})


def _fresh(job: Job) -> Job:
    job.refresh_from_db(fields=["state"])
    return job


@require_POST
def restart(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = _job(request, job_id, to_act=True)
    assert isinstance(request.user, User)
    try:
        job = services.restart(job_id=job.id, requested_by=request.user)
    except (services.NotRestartable, services.AlreadyActive) as error:
        messages.info(request, refusal(error, _fresh(job)))
    return redirect("jobs:detail", job.id)


@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = _job(request, job_id, to_act=True)
    assert isinstance(request.user, User)
    try:
        services.cancel(job_id=job.id, requested_by=request.user)
    except services.NotCancellable as error:
        messages.info(request, refusal(error, _fresh(job)))
    return redirect("jobs:detail", job.id)

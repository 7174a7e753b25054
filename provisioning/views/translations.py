"""Get latest metadata translations: the question, the update while it runs, and what it did."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from jobs.errors import JobError
from jobs.models import Job
from jobs.presentation import progress_of, refusal
from jobs.services import AlreadyActive
from organizations.connect import connect
from organizations.languages import language
from provisioning.models import Portal
from provisioning.phases import Phase
from provisioning.policies import NotNow, why_no_translations
from provisioning.services import translations as service
from provisioning.solutions import solutions_of
from provisioning.translations import QUESTION, SOLUTIONS_INSTALLING, report
from provisioning.views.access import frame, managed_portal, person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def translations(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """The dialog and its answer; while an update runs, that; then what it did."""
    portal = managed_portal(request, portal_id)
    if request.method == "POST":
        return _update(request, portal)
    if portal.phase != Phase.CONFIGURED:
        return redirect("provisioning:portal", portal.id)
    return _page(request, portal, service.latest(portal))


def _update(request: HttpRequest, portal: Portal) -> HttpResponse:
    try:
        service.submit(portal_id=portal.id, user=person(request))
    except NotNow as error:
        if portal.phase != Phase.CONFIGURED:
            shown = {**frame(portal, "actions"), "sentence": str(error)}
            return render(request, "provisioning/not_now.html", shown, status=409)
        return _page(request, portal, service.latest(portal), status=409)
    except AlreadyActive as error:
        messages.info(request, refusal(error))
    return redirect("provisioning:translations", portal.id)


def _page(request: HttpRequest, portal: Portal, job: Job | None, *, status: int = 200) -> HttpResponse:
    running = job is not None and job.is_active
    sentence = None if running else why_no_translations(portal)
    shown = {
        "job": job,
        "progress": progress_of(job) if job else None,
        "running": running,
        "report": report(step.output for step in job.steps.all()) if job else [],
        "question": QUESTION,
        "sentence": sentence,
        "names_solutions": sentence == SOLUTIONS_INSTALLING,
        **({} if running or sentence else _what_there_is(portal)),
    }
    return render(
        request, "provisioning/translations.html", {**frame(portal, "actions"), **shown}, status=status
    )


def _what_there_is(portal: Portal) -> dict[str, Any]:
    """What the update would work on, as the organization tells."""
    assert portal.instance is not None
    try:
        organization = connect(portal.instance)
        names = solutions_of(portal)
        there = [solution for solution in organization.solutions() if solution.unique_name in names]
        enabled = [language(lcid) for lcid in organization.provisioned_languages()]
    except JobError as error:
        return {"problem": error}
    return {"solutions": there, "languages": sorted(enabled, key=lambda info: info.name)}

"""Add a custom domain name: SSL CERTIFICATE › HOSTNAME › BINDING › CONFIRMATION."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.language import spoken
from accounts.words import N_
from domains import choices, drafts, hostnames, queries
from domains.addresses import url_of
from domains.certificates import keeping
from domains.forms import CertificateStepForm, HostStepForm, not_covered
from domains.models import CustomDomain, WizardDraft
from domains.policies import require_domains
from domains.progress import Progress, progress_of
from domains.services import binding
from domains.states import DomainState
from domains.views.certificates import sentences
from jobs import services as jobs
from jobs.presentation import refusal
from provisioning.models import Portal
from provisioning.policies import NotNow
from provisioning.views.access import frame, managed_portal, person


class Step(StrEnum):
    CERTIFICATE = "certificate"
    HOSTNAME = "hostname"
    BINDING = "binding"
    CONFIRMATION = "confirmation"


TITLES = {
    Step.CERTIFICATE: N_("SSL CERTIFICATE"),
    Step.HOSTNAME: N_("HOSTNAME"),
    Step.BINDING: N_("BINDING"),
    Step.CONFIRMATION: N_("CONFIRMATION"),
}
_ORDER = list(Step)


@dataclass(frozen=True)
class Wizard:
    """Where the wizard of a portal stands. It is the same for everybody who manages the portal."""

    portal: Portal
    draft: WizardDraft
    domain: CustomDomain | None

    @property
    def is_bound(self) -> bool:
        """What the draft asks for is what is served."""
        return self._asked and self.domain is not None and self.domain.state == DomainState.BOUND

    @property
    def _asked(self) -> bool:
        """A job was asked for exactly this."""
        if self.domain is None or self.domain.hostname != self.draft.hostname:
            return False
        wanted = self.domain.next_certificate_id or self.domain.certificate_id
        return wanted == self.draft.certificate_id

    @property
    def is_busy(self) -> bool:
        """A job works on the domain: nothing can be chosen now."""
        return self.domain is not None and self.domain.job is not None and self.domain.job.is_active

    @property
    def has_job(self) -> bool:
        """The binding step shows a job instead of the question."""
        return self.is_busy or (self._asked and self.domain is not None and self.domain.job is not None)

    @property
    def shown_host(self) -> str:
        return hostnames.shown(self.draft.hostname)

    @property
    def shown_domain(self) -> str:
        """The host name that the portal has; "" if it has none."""
        return hostnames.shown(self.domain.hostname) if self.domain else ""

    @property
    def furthest(self) -> Step:
        if self.is_busy:
            return Step.BINDING
        if self.is_bound:
            return Step.CONFIRMATION
        if self.draft.certificate_id is None:
            return Step.CERTIFICATE
        return Step.BINDING if self.draft.hostname else Step.HOSTNAME

    def step(self, asked: str) -> Step:
        """The step to show: the one that is asked for if it can be shown now, else the furthest one."""
        if self.is_busy or asked not in set(Step):
            return self.furthest
        if self.is_bound and asked == Step.BINDING:  # the page of the job comes anew when the job is done
            return Step.CONFIRMATION
        return min(Step(asked), self.furthest, key=_ORDER.index)


def _wizard(portal: Portal) -> Wizard:
    return Wizard(portal, drafts.of(portal), queries.domain_of(portal))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """The step that fits, or what was chosen in one."""
    portal = managed_portal(request, portal_id)
    try:
        require_domains(portal)
    except NotNow as error:
        shown = {**frame(portal, "domains"), "sentence": str(error)}
        return render(request, "provisioning/not_now.html", shown, status=409)
    wizard = _wizard(portal)
    if wizard.domain is not None and wizard.domain.state == DomainState.REMOVING:
        return redirect("domains:domains", portal.pk)
    if request.method != "POST":
        return _step(request, wizard, wizard.step(request.GET.get("step", "")))
    return _ACTIONS[_meant(request)](request, wizard)


def _meant(request: HttpRequest) -> str:
    """Which step a POST is of; one that does not say it tells by its fields."""
    if (said := request.POST.get("step", "")) in _ACTIONS:
        return said
    if "certificate" in request.POST or "file" in request.FILES or "password" in request.POST:
        return Step.CERTIFICATE
    if "hostname" in request.POST or "existing_hostname" in request.POST:
        return Step.HOSTNAME
    return Step.BINDING


def _to(wizard: Wizard, step: Step) -> HttpResponse:
    return redirect(reverse("domains:add", args=[wizard.portal.pk]) + f"?step={step}")


def _step(
    request: HttpRequest, wizard: Wizard, step: Step, *, status: int = 200, **shown: Any
) -> HttpResponse:
    if step is Step.CERTIFICATE:
        shown.setdefault("form", _certificate_form(wizard))
    elif step is Step.HOSTNAME:
        shown.setdefault("form", _host_form(wizard))
    elif step is Step.BINDING:
        shown |= _binding(wizard, shown.pop("refused", None))
    elif wizard.draft.certificate:
        shown["warnings"] = sentences(wizard.draft.certificate)
        shown["url"] = url_of(wizard.draft.hostname)
    context = {"wizard": wizard, "step": step, "steps": _stepper(wizard, step), **shown}
    page = render(request, f"domains/wizard_{step}.html", {**frame(wizard.portal, "domains"), **context})
    page.status_code = status
    return page


def _stepper(wizard: Wizard, now: Step) -> list[dict[str, Any]]:
    """The chevrons: those that can be gone back to are links."""
    reach = _ORDER.index(wizard.furthest)
    return [
        {
            "key": step,
            "title": TITLES[step],
            "is_now": step is now,
            "is_done": index < _ORDER.index(now),
            "is_link": step is not now and index <= reach and not wizard.is_busy and not wizard.is_bound,
        }
        for index, step in enumerate(_ORDER)
    ]


def _certificate_form(wizard: Wizard, data: Any = None, files: Any = None) -> CertificateStepForm:
    assert wizard.portal.instance_id is not None  # every portal that is configured has one
    offered = choices.certificates(wizard.portal.instance_id, host=wizard.draft.hostname, now=timezone.now())
    return CertificateStepForm(data, files, offered=offered, chosen=wizard.draft.certificate_id)


def _post_certificate(request: HttpRequest, wizard: Wizard) -> HttpResponse:
    if wizard.is_busy:
        return _to(wizard, Step.BINDING)
    form = _certificate_form(wizard, request.POST, request.FILES)
    certificate = None
    if form.is_valid():
        certificate = form.existing() if form.is_existing else None
        if not form.is_existing and (judged := form.judged(person(request))):
            assert wizard.portal.instance is not None
            kept = keeping.keep(instance=wizard.portal.instance, judged=judged, user=person(request))
            certificate = kept.certificate
    if certificate is None:
        return _step(request, wizard, Step.CERTIFICATE, status=422, form=form)
    drafts.choose_certificate(portal=wizard.portal, certificate=certificate, user=person(request))
    return _to(wizard, Step.HOSTNAME)


def _host_form(wizard: Wizard, data: Any = None) -> HostStepForm:
    certificate = wizard.draft.certificate
    assert certificate is not None
    return HostStepForm(
        data,
        portal=wizard.portal,
        certificate=certificate,
        domain=wizard.domain,
        initial=hostnames.shown(wizard.draft.hostname) or hostnames.suggested(certificate.names),
    )


def _post_hostname(request: HttpRequest, wizard: Wizard) -> HttpResponse:
    if wizard.is_busy or wizard.draft.certificate is None:
        return _to(wizard, wizard.furthest)
    form = _host_form(wizard, request.POST)
    if not form.is_valid():
        return _step(request, wizard, Step.HOSTNAME, status=422, form=form)
    drafts.choose_host(portal=wizard.portal, hostname=form.cleaned_data["host"], user=person(request))
    return _to(wizard, Step.BINDING)


def _binding(wizard: Wizard, refused: binding.BindingRefused | None) -> dict[str, Any]:
    """The question before the job, and the job."""
    shown: dict[str, Any] = {"progress": None, "problem": spoken(refused) if refused else "", "code": ""}
    if refused:
        shown["code"] = refused.code
    elif wizard.has_job and wizard.domain is not None:
        shown["progress"] = progress_of(wizard.domain)
    elif wizard.draft.certificate and not hostnames.covered(
        wizard.draft.certificate.names, wizard.draft.hostname
    ):
        shown["code"] = "host_mismatch"
        shown["problem"] = not_covered(wizard.draft.certificate, wizard.draft.hostname)
    elif queries.claimed_by_another(wizard.draft.hostname, portal_id=wizard.portal.pk):
        # Chosen here first, perhaps; whoever has its DNS was quicker to show that.
        taken = binding.BindingRefused("hostname_taken", host=wizard.shown_host)
        shown |= {"code": taken.code, "problem": spoken(taken)}
    if wizard.draft.certificate:
        shown["warnings"] = sentences(wizard.draft.certificate)
    return shown


def _post_binding(request: HttpRequest, wizard: Wizard) -> HttpResponse:
    """Next: creates the SSL binding. A second click finds the first one's job."""
    draft = wizard.draft
    if wizard.is_busy or draft.certificate is None or not draft.hostname:
        return _to(wizard, wizard.furthest)
    try:
        binding.bind(
            portal_id=wizard.portal.pk,
            hostname=draft.hostname,
            certificate_id=draft.certificate.pk,
            user=person(request),
        )
    except jobs.AlreadyActive as error:
        messages.info(request, refusal(error))
    except binding.BindingRefused as error:
        return _step(request, wizard, Step.BINDING, status=422, refused=error)
    return _to(wizard, Step.BINDING)


def _post_confirmation(request: HttpRequest, wizard: Wizard) -> HttpResponse:
    """Finish."""
    if not wizard.is_bound:
        return _to(wizard, wizard.furthest)
    drafts.forget(wizard.portal)
    return redirect("domains:domains", wizard.portal.pk)


def _post_cancel(request: HttpRequest, wizard: Wizard) -> HttpResponse:
    """Forget what was chosen. A certificate that was uploaded stays with its organization."""
    drafts.forget(wizard.portal)
    return redirect("domains:domains", wizard.portal.pk)


_ACTIONS = {
    Step.CERTIFICATE: _post_certificate,
    Step.HOSTNAME: _post_hostname,
    Step.BINDING: _post_binding,
    Step.CONFIRMATION: _post_confirmation,
    "cancel": _post_cancel,
}


@never_cache
@require_safe
def evidence(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """Fragment: what DNS was seen to say. 204 when the page shows the present state already."""
    domain = queries.domain_of(managed_portal(request, portal_id))
    if domain is None:
        return HttpResponse(status=204)
    progress: Progress = progress_of(domain)
    if request.GET.get("seen") == progress.seen:
        return HttpResponse(status=204)
    return render(request, "domains/_evidence.html", {"progress": progress, "portal": domain.portal})


@require_POST
def restart(request: HttpRequest, portal_id: UUID) -> HttpResponse:
    """A new attempt at the job that failed."""
    portal = managed_portal(request, portal_id)
    domain = queries.domain_of(portal)
    if domain is not None and domain.job is not None:
        try:
            jobs.restart(job_id=domain.job.pk, requested_by=person(request))
        except (jobs.NotRestartable, jobs.AlreadyActive) as error:
            messages.info(request, refusal(error, domain.job))
    back = "domains:add" if drafts.of(portal).hostname else "domains:domains"
    return redirect(back, portal.pk)

"""Manage SSL certificates, per organization."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import permissions
from accounts.language import spoken
from accounts.words import N_
from domains import queries
from domains.certificates import expiry, keeping
from domains.certificates.verdicts import WARNINGS
from domains.forms import CertificateForm, UploadForm
from domains.models import Certificate
from domains.services import renewing
from organizations.models import Instance
from provisioning.models import Portal
from provisioning.views.access import frame, person

PAGE = 50
NOT_ALLOWED = N_(
    "You need to be a global administrator, Dynamics 365 service administrator, or system administrator for this "
    "organization in order to manage its certificates."
)


@dataclass(frozen=True)
class Row:
    """A certificate in the grid."""

    certificate: Certificate
    standing: expiry.Standing

    @property
    def used_by(self) -> list[Any]:
        """Domains that it serves or is to serve, once each."""
        found = [*self.certificate.domains.all(), *self.certificate.next_domains.all()]
        return list({domain.pk: domain for domain in found}.values())


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def certificates(request: HttpRequest) -> HttpResponse:
    """The grid of one organization, and the form that adds to it."""
    offered, portal = _instances(request), _portal(request)
    if request.method == "POST":
        return _upload(request, offered, portal)
    instance = _chosen(request.GET.get("instance", ""), offered, portal)
    form = CertificateForm(instances=offered, initial={"instance": str(instance.pk)})
    return _grid(request, instance, offered, portal, form)


def _instances(request: HttpRequest) -> list[Instance]:
    if found := queries.instances(person(request)):
        return found
    raise PermissionDenied(NOT_ALLOWED)


def _portal(request: HttpRequest) -> Portal | None:
    """The portal from whose navigation one came: the page stands in its frame then."""
    try:
        asked = UUID(request.GET.get("portal", ""))
    except ValueError:
        return None
    portal = Portal.objects.select_related("instance").filter(pk=asked, instance__isnull=False).first()
    if portal is None or not permissions.may_manage(person(request), portal.instance_id):
        return None
    return portal


def _chosen(asked: str, offered: list[Instance], portal: Portal | None) -> Instance:
    asked = asked or (str(portal.instance_id) if portal else "")
    return next((instance for instance in offered if str(instance.pk) == asked), offered[0])


def _upload(request: HttpRequest, offered: list[Instance], portal: Portal | None) -> HttpResponse:
    form = CertificateForm(request.POST, request.FILES, instances=offered)
    instance = _chosen(request.POST.get("instance", ""), offered, portal)
    permissions.ask_again(person(request), instance.pk)
    if not permissions.may_administer_instance(person(request), instance.pk):
        raise PermissionDenied(NOT_ALLOWED)
    if form.is_valid() and (judged := form.judged(person(request))):
        kept = keeping.keep(instance=instance, judged=judged, user=person(request))
        messages.success(request, told(kept))
        return redirect(address_of(instance, portal))
    return _grid(request, instance, offered, portal, form, status=422)


def told(kept: keeping.Kept) -> str:
    """What came of an upload."""
    if kept.is_new:
        sentence = gettext("The certificate of %(subject)s was added.")
    elif kept.is_better:
        sentence = gettext(
            "The certificate of %(subject)s was there already; its chain is more complete now."
        )
    else:
        sentence = gettext("The certificate of %(subject)s was there already, so nothing was changed.")
    return sentence % {"subject": kept.certificate.subject}


def address_of(instance: Instance, portal: Portal | None) -> str:
    """The grid of an organization, in the frame of a portal if there is one."""
    query = {"instance": str(instance.pk)} | ({"portal": str(portal.pk)} if portal else {})
    return f"{reverse('domains:certificates')}?{urlencode(query)}"


def _grid(
    request: HttpRequest,
    instance: Instance,
    offered: list[Instance],
    portal: Portal | None,
    form: CertificateForm,
    *,
    status: int = 200,
) -> HttpResponse:
    page = Paginator(queries.certificates(instance), PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    shown = {
        "instance": instance,
        "instances": offered,
        "page": page,
        "rows": [_row(certificate, now) for certificate in page],
        "form": form,
    }
    return render(request, "domains/certificates.html", {**shown, **layout(portal)}, status=status)


def _row(certificate: Certificate, now: datetime) -> Row:
    return Row(certificate, expiry.standing(certificate, now))


def layout(portal: Portal | None) -> dict[str, Any]:
    """The frame of a portal, or a page of its own."""
    if portal is None:
        return {"layout": "domains/plain.html"}
    return {"layout": "provisioning/portal.html", **frame(portal, "certificates")}


def _certificate(request: HttpRequest, certificate_id: UUID) -> Certificate:
    """For somebody who manages its organization. Raises Http404, PermissionDenied."""
    rows = Certificate.objects.select_related("instance", "created_by", "replaced_by")
    row = get_object_or_404(rows, pk=certificate_id)
    if request.method not in ("GET", "HEAD"):
        permissions.ask_again(person(request), row.instance_id)
    if not permissions.may_administer_instance(person(request), row.instance_id):
        raise PermissionDenied(NOT_ALLOWED)
    return row


def _detail(
    request: HttpRequest, certificate: Certificate, form: UploadForm, *, status: int = 200
) -> HttpResponse:
    shown = {
        "row": _row(certificate, timezone.now()),
        "certificate": certificate,
        "warnings": sentences(certificate),
        "notices": certificate.notices.order_by("-sent_at")[:10],
        "form": form,
    }
    return render(request, "domains/certificate.html", shown, status=status)


def sentences(certificate: Certificate) -> list[tuple[str, str]]:
    """What has to be said of it: codes and sentences in the reader's language."""
    return [
        (remark["code"], gettext(WARNINGS[remark["code"]]) % remark["values"])
        for remark in certificate.warnings
        if remark["code"] in WARNINGS
    ]


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def certificate(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """What it is; a POST replaces it by its renewal."""
    row = _certificate(request, certificate_id)
    if request.method != "POST":
        return _detail(request, row, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid() and (judged := form.judged(person(request))):
        try:
            renewal = renewing.renew(certificate_id=row.pk, judged=judged, user=person(request))
        except keeping.NoRenewal as error:
            form.refuse(error)
        except Certificate.DoesNotExist as error:  # somebody else deleted it meanwhile
            raise Http404 from error
        else:
            _tell(request, renewal)
            return redirect("domains:certificate", renewal.kept.certificate.pk)
    return _detail(request, row, form, status=422)


def _tell(request: HttpRequest, renewal: renewing.Renewal) -> None:
    """What was taken in, which domains go over to it, and which do not."""
    messages.success(request, told(renewal.kept))
    if renewal.begun:
        sentence = gettext("It is put in place of the old one for %(hosts)s, without a gap.")
        messages.info(request, sentence % {"hosts": ", ".join(renewal.begun)})
    for host, reason in renewal.refused.items():
        messages.warning(request, f"{host}: {reason}")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """The question, and its answer."""
    row = _certificate(request, certificate_id)
    problem: keeping.StillUsed | None = None
    if request.method == "POST":
        try:
            keeping.delete(certificate_id=row.pk, user=person(request))
        except keeping.StillUsed as error:
            problem = error
        except Certificate.DoesNotExist as error:  # a second click, or somebody else
            raise Http404 from error
        else:
            messages.success(
                request, gettext("The certificate of %(subject)s was deleted.") % {"subject": row.subject}
            )
            return redirect(address_of(row.instance, None))
    shown = {
        "certificate": row,
        "row": _row(row, timezone.now()),
        "problem": spoken(problem) if problem else "",
    }
    return render(request, "domains/delete_certificate.html", shown, status=409 if problem else 200)

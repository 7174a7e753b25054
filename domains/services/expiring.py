"""Telling people that a certificate in use is about to end: each person once per threshold, in a ledger, by e-mail."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts import permissions
from accounts.models import User
from domains.certificates import expiry
from domains.models import Certificate, CustomDomain, ExpiryNotice

log = logging.getLogger(__name__)


def warn(*, now: datetime) -> int:
    """Send every warning that is due; how many certificates were warned of.

    Certificates that nobody uses any more need no warning: a renewal that is bound ends those of the old one.
    """
    return sum(_warn(certificate_id, now) for certificate_id in _ending(now))


def _ending(now: datetime) -> list[UUID]:
    """In use, and within the longest time before which anybody is told."""
    rows = Certificate.objects.filter(domains__published_at__isnull=False, ends_at__lte=now + expiry.FIRST)
    return list(rows.order_by("ends_at", "pk").values_list("pk", flat=True).distinct())


def _warn(certificate_id: UUID, now: datetime) -> bool:
    """Each recipient by themselves, so that one whose mail is refused keeps no other from theirs, nor from being told
    once only.
    """
    certificate = (
        Certificate.objects.select_related("instance", "created_by").filter(pk=certificate_id).first()
    )
    if certificate is None or expiry.due(certificate, now) is None:
        return False
    told = False
    for address, language in _recipients(certificate, _served(certificate)):
        try:
            told = _tell(certificate_id, address, language, now) or told
        except OSError as error:  # tomorrow's round, or the next one of today, tries it again
            log.warning(
                "The warning of certificate %s to %s could not be sent: %s", certificate_id, address, error
            )
            if not isinstance(error, SMTPException):  # nobody is there who could refuse the others
                break
    return told


@transaction.atomic
def _tell(certificate_id: UUID, address: str, language: str, now: datetime) -> bool:
    """The ledger's row and the mail, in one transaction: a mail that does not leave leaves no row."""
    rows = Certificate.objects.select_for_update(of=("self",)).select_related("instance")
    certificate = rows.filter(pk=certificate_id).first()
    if certificate is None or (days := expiry.due(certificate, now)) is None:
        return False
    domains = _served(certificate)
    # Of the same end, a threshold that is nearer was told already: clocks of two schedulers differ a little.
    told = ExpiryNotice.objects.filter(
        certificate=certificate, ends_at=certificate.ends_at, days__lte=days, address__in=["", address]
    )
    if not domains or told.exists():
        return False
    ExpiryNotice.objects.create(
        certificate=certificate, ends_at=certificate.ends_at, days=days, address=address
    )
    _mail(certificate, domains, address, language, now).send()
    return True


def _served(certificate: Certificate) -> list[CustomDomain]:
    rows = CustomDomain.objects.select_related("portal__owner").order_by("hostname")
    return list(rows.filter(certificate=certificate, published_at__isnull=False))


def _recipients(certificate: Certificate, domains: Iterable[CustomDomain]) -> list[tuple[str, str]]:
    """Address and language of each; support, when nobody is left."""
    people = _people(certificate, domains)
    return [(person.email, person.language) for person in people] or [(settings.SUPPORT_ADDRESS, "")]


def _people(certificate: Certificate, domains: Iterable[CustomDomain]) -> list[User]:
    """Owners of the portals and who uploaded it, as far as they are there and manage the organization still."""
    asked = [certificate.created_by, *(domain.portal.owner for domain in domains)]
    found = {person.pk: person for person in asked if person is not None and person.is_active}
    return [p for p in found.values() if permissions.may_administer_instance(p, certificate.instance_id)]


def _mail(
    certificate: Certificate, domains: list[CustomDomain], address: str, language: str, now: datetime
) -> EmailMessage:
    about = {
        "certificate": certificate,
        "domains": domains,
        "standing": expiry.standing(certificate, now),
        "url": settings.ADMIN_URL.rstrip("/") + reverse("domains:certificate", args=[certificate.pk]),
    }
    with translation.override(language or settings.LANGUAGE_CODE):
        subject = render_to_string("domains/expiry_subject.txt", about).strip()
        body = render_to_string("domains/expiry_mail.txt", about)
    return EmailMessage(" ".join(subject.split()), body, to=[address])

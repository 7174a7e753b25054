"""Telling people that a certificate in use is about to end: each threshold once, in a ledger, by e-mail."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
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
    try:
        with transaction.atomic():
            return _told(certificate_id, now)
    except OSError as error:  # the mail server; tomorrow's round, or the next one of today, tries it again
        log.warning("The warning of certificate %s could not be sent: %s", certificate_id, error)
        return False


def _told(certificate_id: UUID, now: datetime) -> bool:
    """The ledger's row and the mail, in one transaction: a mail that does not leave leaves no row."""
    rows = Certificate.objects.select_for_update(of=("self",)).select_related("instance", "created_by")
    certificate = rows.filter(pk=certificate_id).first()
    if certificate is None or (days := expiry.due(certificate, now)) is None:
        return False
    domains = list(
        CustomDomain.objects.select_related("portal__owner")
        .filter(certificate=certificate, published_at__isnull=False)
        .order_by("hostname")
    )
    # Of the same end, a threshold that is nearer was told already: clocks of two schedulers differ a little.
    told = ExpiryNotice.objects.filter(certificate=certificate, ends_at=certificate.ends_at, days__lte=days)
    if not domains or told.exists():
        return False
    people = _people(certificate, domains)
    ExpiryNotice.objects.create(
        certificate=certificate, ends_at=certificate.ends_at, days=days, recipients=len(people) or 1
    )
    get_connection().send_messages(list(_mails(certificate, domains, people, now)))
    return True


def _people(certificate: Certificate, domains: Iterable[CustomDomain]) -> list[User]:
    """Owners of the portals and who uploaded it, as far as they are there and manage the organization still."""
    asked = [certificate.created_by, *(domain.portal.owner for domain in domains)]
    found = {person.pk: person for person in asked if person is not None and person.is_active}
    return [p for p in found.values() if permissions.may_administer_instance(p, certificate.instance_id)]


def _mails(
    certificate: Certificate, domains: list[CustomDomain], people: list[User], now: datetime
) -> Iterator[EmailMessage]:
    recipients = [(person.email, person.language) for person in people] or [(settings.SUPPORT_ADDRESS, "")]
    about = {
        "certificate": certificate,
        "domains": domains,
        "standing": expiry.standing(certificate, now),
        "url": settings.ADMIN_URL.rstrip("/") + reverse("domains:certificate", args=[certificate.pk]),
    }
    for address, language in recipients:
        with translation.override(language or settings.LANGUAGE_CODE):
            subject = render_to_string("domains/expiry_subject.txt", about).strip()
            body = render_to_string("domains/expiry_mail.txt", about)
        yield EmailMessage(" ".join(subject.split()), body, to=[address])

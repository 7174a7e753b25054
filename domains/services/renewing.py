"""Replacing a certificate by its renewal: every domain that it serves goes over to the new one, without a gap."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from accounts.language import spoken
from domains.certificates import keeping
from domains.certificates.judging import Judged
from domains.services import binding, deadlocks
from domains.workflows import unbind
from jobs.presentation import refusal
from jobs.services import AlreadyActive
from provisioning.policies import NotNow

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Renewal:
    """The new certificate; host names that go over to it, and those that do not now, each with the reason."""

    kept: keeping.Kept
    begun: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


@deadlocks.again
def renew(*, certificate_id: UUID, judged: Judged, user: User) -> Renewal:
    """Take the new certificate in, and begin to put it in the place of the old one wherever that is served.

    A portal on which something else is at work keeps the old one for now; the new one is there to choose. A domain
    that somebody wants to remove stays away, even if the removal failed. Raises keeping.NoRenewal,
    Certificate.DoesNotExist.
    """
    with transaction.atomic():
        kept, domains = keeping.replace(certificate_id=certificate_id, judged=judged, user=user)
        renewal = Renewal(kept)
        for domain in domains:
            if domain.published_at is None and domain.job is not None and domain.job.kind == unbind.KIND:
                continue
            try:
                binding.bind(
                    portal_id=domain.portal_id,
                    hostname=domain.hostname,
                    certificate_id=kept.certificate.pk,
                    user=user,
                )
            except AlreadyActive as error:
                renewal.refused[domain.hostname] = refusal(error)
            except NotNow as error:
                renewal.refused[domain.hostname] = gettext(str(error))
            except binding.BindingRefused as error:
                renewal.refused[domain.hostname] = spoken(error)
            else:
                renewal.begun.append(domain.hostname)
    return renewal

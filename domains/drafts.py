"""What was chosen in the wizard and is not asked for yet. One of each portal, kept until Finish or Cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from domains.models import Certificate, WizardDraft
from provisioning.models import Portal

if TYPE_CHECKING:
    from accounts.models import User


def of(portal: Portal) -> WizardDraft:
    """The draft of the portal; an empty one, which is not saved, if nothing was chosen."""
    found = WizardDraft.objects.select_related("certificate", "edited_by").filter(portal=portal).first()
    return found or WizardDraft(portal=portal)


@transaction.atomic
def choose_certificate(*, portal: Portal, certificate: Certificate, user: User) -> None:
    WizardDraft.objects.update_or_create(
        portal=portal, defaults={"certificate": certificate, "edited_by": user}
    )


@transaction.atomic
def choose_host(*, portal: Portal, hostname: str, user: User) -> None:
    """`hostname` as `hostnames.host_name` keeps it."""
    WizardDraft.objects.update_or_create(portal=portal, defaults={"hostname": hostname, "edited_by": user})


def forget(portal: Portal) -> None:
    WizardDraft.objects.filter(portal=portal).delete()

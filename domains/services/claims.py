"""Host names that another portal asked for, and which it never was shown to have."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from accounts import audit
from domains import queries
from domains.models import CustomDomain
from domains.workflows import bind as bind_workflow
from provisioning import trail
from provisioning.models import Portal

if TYPE_CHECKING:
    from accounts.models import User


class Unproven(Exception):
    """Another portal asked for the host name first; it goes to the one to which DNS leads it."""


def lock(*, portal_id: UUID, hostname: str) -> Portal:
    """The portal, for this transaction, and the one that asked for its host name, always in the same order: two that
    want each other's host name do not wait for each other. Raises Portal.DoesNotExist.
    """
    rivals = CustomDomain.objects.filter(hostname=hostname).values_list("portal_id", flat=True)
    rows = Portal.objects.select_for_update(of=("self",)).filter(pk__in={portal_id, *rivals})
    portals = {portal.pk: portal for portal in rows.order_by("pk")}
    if portal_id not in portals:
        raise Portal.DoesNotExist
    return portals[portal_id]


def take_over(*, portal: Portal, hostname: str, is_proven: bool, user: User | None) -> bool:
    """Within the transaction of `lock`: whether the host name is free for the portal now.

    One that was served, verified or is being worked on stays where it is. Any other goes to the portal to which DNS
    leads it; the one that had asked for it loses its row, and what it had planned. Raises Unproven.
    """
    rival = (
        CustomDomain.objects.select_for_update(of=("self",))
        .select_related("portal", "certificate")
        .filter(hostname=hostname)
        .exclude(portal=portal)
        .first()
    )
    if rival is None:
        return True
    if queries.claimed_by_another(hostname, portal_id=portal.pk):
        return False
    if not is_proven:
        raise Unproven
    bind_workflow.release(portal_id=rival.portal_id, hostname=hostname)
    audit.record(
        audit.Verb.REMOVE_DOMAIN,
        subject=trail.subject(rival.portal),
        by=user,
        before={"hostname": hostname, "certificate": rival.certificate.thumbprint},
    )
    # DNS was just seen to lead elsewhere, so nothing of it dangles.
    rival.delete()
    return True

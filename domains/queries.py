"""Questions about certificates and custom domains. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts import permissions
from accounts.roles import OrganizationRole
from domains.models import Certificate, CustomDomain, DanglingRecord
from jobs.states import ACTIVE
from organizations.models import Instance
from provisioning.models import Portal

if TYPE_CHECKING:
    from accounts.models import User


def instances(user: User) -> list[Instance]:
    """Organizations whose certificates this person manages, by name."""
    rows = Instance.objects.order_by("name")
    if permissions.is_tenant_administrator(user):
        return list(rows)
    return list(rows.filter(pk__in=permissions.instances_with(user, OrganizationRole.SYSTEM_ADMINISTRATOR)))


def certificates(instance: Instance) -> QuerySet[Certificate]:
    """Those of one organization by name, each with the domains that it serves or is to serve."""
    return (
        Certificate.objects.filter(instance=instance)
        .order_by("subject", "id")
        .prefetch_related("domains__portal", "next_domains__portal")
    )


def domain_of(portal: Portal) -> CustomDomain | None:
    """The portal's custom domain, with its certificate and its job."""
    return (
        CustomDomain.objects.select_related("certificate", "next_certificate", "job", "job__requested_by")
        .filter(portal=portal)
        .first()
    )


def dangling(portal: Portal) -> list[DanglingRecord]:
    """Host names that it gave up and whose records were seen to lead to it still."""
    rows = DanglingRecord.objects.filter(portal=portal, seen_at__isnull=False)
    return list(rows.order_by("hostname"))


def claimed_by_another(hostname: str, *, portal_id: UUID) -> bool:
    """One host name belongs to one portal: the one that serves it, was shown to have it or is at work on it. One that
    only asked for it, and failed, gives it up to the portal to which DNS leads it.
    """
    holds = Q(published_at__isnull=False) | Q(verified_at__isnull=False) | Q(job__state__in=ACTIVE)
    return CustomDomain.objects.filter(holds, hostname=hostname).exclude(portal=portal_id).exists()


def own_names() -> tuple[str, ...]:
    """Host names of this installation itself, which are no custom domains."""
    return (settings.PORTAL_BASE_DOMAIN, settings.ORGANIZATION_BASE_DOMAIN, *settings.ADMIN_HOSTS)

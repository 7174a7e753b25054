"""Hosting by this installation's own web server: routes are rows, which `sites` reads at every request."""

from __future__ import annotations

from uuid import UUID

import httpx
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from provisioning.models import Address
from provisioning.ports import AddressTaken, Face, Hosting, HostingUnavailable, Probe

TIMEOUT = 10.0  # seconds for one probe


class EmbeddedHosting(Hosting):
    """The whole hosting port over `provisioning.models.Address`."""

    def reserve(self, subdomain: str, *, portal_id: UUID, instance_id: UUID) -> None:
        taken = AddressTaken(
            f"The URL “{subdomain}” was taken by somebody else meanwhile. Choose another one."
        )
        try:
            with transaction.atomic():
                _give_back(Address.objects.filter(portal_id=portal_id).exclude(subdomain=subdomain))
                row, _ = Address.objects.select_for_update().get_or_create(
                    subdomain=subdomain, defaults={"portal_id": portal_id, "instance_id": instance_id}
                )
                kept = row.portal_id is None and row.instance_id == instance_id
                if row.portal_id != portal_id and not kept:
                    raise taken
                Address.objects.filter(pk=row.pk).update(portal_id=portal_id, instance_id=instance_id)
        except IntegrityError:
            raise taken from None

    def publish(self, subdomain: str, *, portal_id: UUID) -> None:
        if not Address.objects.filter(subdomain=subdomain, portal_id=portal_id).update(is_routed=True):
            raise AddressTaken(f"The URL “{subdomain}” is not this portal's.")

    def withdraw(self, subdomain: str, *, portal_id: UUID) -> None:
        Address.objects.filter(subdomain=subdomain, portal_id=portal_id).update(is_routed=False)

    @transaction.atomic
    def release(self, subdomain: str, *, portal_id: UUID) -> None:
        _give_back(Address.objects.filter(subdomain=subdomain, portal_id=portal_id))

    def probe(self, subdomain: str) -> Probe:
        port = f":{settings.PORTAL_PORT}" if settings.PORTAL_PORT else ""
        # *.localhost resolves in browsers only, so we connect to our own web server and name the host.
        headers = {"Host": f"{subdomain}.{settings.PORTAL_BASE_DOMAIN}{port}"}
        if settings.PORTAL_SCHEME == "https":
            headers["X-Forwarded-Proto"] = "https"
        try:
            response = httpx.get(
                f"http://{settings.WEB_ADDRESS}/", headers=headers, timeout=TIMEOUT, trust_env=False
            )
        except httpx.HTTPError as error:
            raise HostingUnavailable(f"The portal's web server did not answer: {error}") from error
        return _read(response)

    def answered(self, subdomain: str) -> None:
        Address.objects.filter(subdomain=subdomain, answered_at=None).update(answered_at=timezone.now())


def _give_back(rows: QuerySet[Address]) -> None:
    rows.filter(answered_at=None).delete()
    rows.update(portal_id=None, is_routed=False)


def _read(response: httpx.Response) -> Probe:
    name = response.headers.get("X-Portal-Id", "")
    try:
        portal_id = UUID(name) if name else None
        face = Face(response.headers.get("X-Portal-State", Face.NOBODY.value))
    except ValueError as error:
        raise HostingUnavailable("The portal's web server answered in a way that makes no sense.") from error
    return Probe(response.status_code, portal_id, face)

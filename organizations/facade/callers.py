"""Who calls: the application user behind a bearer token, and what its roles let it do."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch
from django.utils import timezone
from oauth2_provider.models import AccessToken

from organizations.facade import tokens
from organizations.facade.odata.faults import (
    NO_PRIVILEGE,
    NO_ROLES,
    NOT_IN_ORGANIZATION,
    ORGANIZATION_DISABLED,
    USER_DISABLED,
    Fault,
)
from organizations.facade.privileges import Privileges, granted
from organizations.models import Instance, RoleMembership, SystemUser

# Seconds after which somebody who was turned away by administration mode may ask again.
_AGAIN = 30


@dataclass(frozen=True)
class Caller:
    """An enabled application user of an organization, with at least one role."""

    instance: Instance
    user: SystemUser
    privileges: Privileges

    def require(self, privilege: str) -> None:
        """Raises Fault (403)."""
        if not self.privileges.holds(privilege):
            raise Fault(
                403,
                NO_PRIVILEGE,
                f"Principal user (Id={self.user.id}, type=8, roleCount={self.privileges.roles}, "
                f"privilegeCount={len(self.privileges.names)}) is missing {privilege} privilege.",
            )


def authenticate(instance: Instance, authorization: str) -> Caller:
    """From the Authorization header. Raises Fault: 401, 403, or 503 in administration mode."""
    application_id = _application(instance, authorization)
    if instance.state == Instance.State.DISABLED:
        raise Fault(503, ORGANIZATION_DISABLED, "The organization is disabled.", {"Retry-After": str(_AGAIN)})
    memberships = RoleMembership.objects.select_related("role")
    users = SystemUser.objects.prefetch_related(Prefetch("memberships", queryset=memberships))
    user = users.filter(instance=instance, application_id=application_id).first()
    if user is None:
        raise Fault(403, NOT_IN_ORGANIZATION, "The user is not a member of the organization.")
    if user.disabled:
        raise Fault(403, USER_DISABLED, f"The specified user(Id = {user.id}) is disabled.")
    roles = [membership.role.template_id for membership in user.memberships.all()]
    if not roles:
        raise Fault(403, NO_ROLES, f"The user with id {user.id} has not been assigned any roles.")
    return Caller(instance, user, granted(roles))


def _application(instance: Instance, authorization: str) -> UUID:
    scheme, _, text = authorization.partition(" ")
    refused = Fault(
        401,
        "",
        "The bearer token is missing, unknown, expired, or for another organization.",
        {
            "WWW-Authenticate": f"Bearer authorization_uri={tokens.authority(instance)}, resource_id={instance.url}/"
        },
    )
    if scheme.lower() != "bearer" or not text.strip():
        raise refused
    row = (
        AccessToken.objects.select_related("application")
        .filter(token_checksum=tokens.checksum(text.strip()))
        .first()
    )
    if row is None or row.expires <= timezone.now() or row.application is None:
        raise refused
    if not tokens.names_organization(row.scope, tokens.host(instance)):
        raise refused
    try:
        return UUID(row.application.client_id)
    except ValueError:
        raise refused from None

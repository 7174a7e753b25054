"""The token endpoint: client credentials of the directory's applications, by django-oauth-toolkit.

The directory keeps the applications and checks their secrets; the toolkit keeps the tokens, and therefore a row for
each application that ever asked for one.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from oauth2_provider.models import Application
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views.base import TokenView

from accounts import limits
from accounts.audit.origin import address_of
from accounts.directory import directory
from organizations.facade import tokens

_REFUSED = "token-refused"


class OrganizationValidator(OAuth2Validator):  # type: ignore[misc]
    """A client is whom the directory says it is; a token is for the organization at whose host it is asked for."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        client, secret = _basic(request) or (request.client_id, request.client_secret)
        try:
            client_id = UUID(client)
        except (ValueError, TypeError, AttributeError):
            return False
        if not secret or not directory().check_secret(client_id, secret):
            return False
        # Its secret is random and known to nobody: the directory's are what counts.
        request.client, _ = Application.objects.get_or_create(
            client_id=str(client_id),
            defaults={
                "name": "Application of the directory",
                "client_type": Application.CLIENT_CONFIDENTIAL,
                "authorization_grant_type": Application.GRANT_CLIENT_CREDENTIALS,
            },
        )
        return True

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        return False

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return grant_type == "client_credentials"

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        host = str(request.headers.get("HTTP_HOST", "")).lower().partition(":")[0]
        return len(scopes) == 1 and tokens.names_organization(scopes[0], host)

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        return []


def _basic(request: Any) -> tuple[str, str] | None:
    scheme, _, encoded = str(request.headers.get("HTTP_AUTHORIZATION", "")).partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (unquote_plus(client), unquote_plus(secret)) if colon else None


@method_decorator(never_cache, name="dispatch")
class OrganizationTokenView(TokenView):  # type: ignore[misc]
    """`POST /<tenant>/oauth2/v2.0/token`."""

    validator_class = OrganizationValidator

    def post(self, request: HttpRequest, *args: Any, tenant: str, **kwargs: Any) -> HttpResponse:
        if not tokens.is_tenant(tenant):
            return _refused("invalid_tenant")
        if request.POST.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type")
        place = address_of(request) or "unknown"
        per_minute = settings.SIGN_INS_PER_MINUTE
        if limits.used_up(person=place, action=_REFUSED, per_minute=per_minute):
            return _refused("temporarily_unavailable", status=429, headers={"Retry-After": "60"})
        response: HttpResponse = super().post(request, *args, **kwargs)
        if response.status_code >= 400:
            # Only what was refused counts: behind one address there may be many programs, which come every hour.
            limits.allow(person=place, action=_REFUSED, per_minute=per_minute)
        return _explained(response)


def _refused(error: str, *, status: int = 400, headers: Mapping[str, str] | None = None) -> HttpResponse:
    said = {"error": error, "error_description": _WHY[error]}
    return JsonResponse(said, status=status, headers=headers)


_WHY = {
    "invalid_tenant": "There is no such tenant.",
    "invalid_client": "The client is unknown, or its secret is wrong or has expired.",
    "invalid_scope": "The scope is not this organization's address followed by /.default.",
    "temporarily_unavailable": "Too many requests from this address were refused. Try again in a minute.",
    "unsupported_grant_type": "Tokens are given for client credentials only.",
}


def _explained(response: HttpResponse) -> HttpResponse:
    """The toolkit's short errors with a sentence, which clients show."""
    if response.status_code < 400:
        return response
    body = json.loads(response.content)
    body.setdefault("error_description", _WHY.get(body.get("error", ""), "The request was refused."))
    # 401 for a wrong client with Basic, 400 otherwise, is the toolkit's own and right.
    return JsonResponse(body, status=response.status_code)

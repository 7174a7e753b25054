"""The organization's own host, as HTTP: the Web API and its token endpoint."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from organizations.facade import callers, service, tokens
from organizations.facade.exchange import MAX_BODY, MAX_FILE, Call, Reply, of_fault
from organizations.facade.oauth import OrganizationTokenView
from organizations.facade.odata.faults import Fault
from organizations.models import Instance

_METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")

View = Callable[..., HttpResponse]


def _open(view: View) -> View:
    """Programs come with a token of their own: neither session nor cookie counts here."""
    return csrf_exempt(login_not_required(never_cache(view)))


def organization_at(host: str) -> Instance | None:
    """The embedded organization with that host name."""
    addresses = [f"https://{host}", f"https://{host}/", f"http://{host}", f"http://{host}/"]
    return Instance.objects.filter(kind=Instance.Kind.EMBEDDED, url__in=addresses).first()


def _at_host(view: View) -> View:
    @wraps(view)
    def found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        instance = organization_at(request.host_name)  # type: ignore[attr-defined]
        if instance is None:
            return _answer(of_fault(Fault(404, "0x80060888", "There is no organization at this host.")))
        return view(request, *args, instance=instance, **kwargs)

    return found


@_open
@_at_host
def api(request: HttpRequest, version: str, path: str, *, instance: Instance) -> HttpResponse:
    """`/api/data/v9.2/…`"""
    if request.method not in _METHODS:
        return _answer(of_fault(Fault(405, "0x80060888", f"The method {request.method} is not known here.")))
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
        said = f"A request has at most {MAX_BODY // 1024**2} MB here, which is a file of {MAX_FILE // 1024**2} MB."
        return _answer(of_fault(Fault(413, "0x80040203", said)))
    if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
        return _answer(of_fault(Fault(411, "0x80060888", "The request does not tell its Content-Length.")))
    try:
        caller = callers.authenticate(instance, request.headers.get("Authorization", ""))
    except Fault as fault:
        return _answer(of_fault(fault))
    return _answer(service.respond(_call(request, version, path), caller))


def _call(request: HttpRequest, version: str, path: str) -> Call:
    return Call(
        method="GET" if request.method == "HEAD" else str(request.method),
        path=path,
        query={name: str(values[-1]) for name, values in request.GET.lists() if values},
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.read(MAX_BODY),
        root=f"{request.scheme}://{request.get_host()}/api/data/v{version}",
    )


def _answer(reply: Reply) -> HttpResponse:
    response = HttpResponse(reply.content(), status=reply.status)
    response["Content-Type"] = "application/json; odata.metadata=minimal; charset=utf-8"
    response["OData-Version"] = "4.0"
    for name, value in reply.headers.items():
        response[name] = value
    if not response.content:
        del response["Content-Type"]
    return response


@require_safe
@_open
@_at_host
def discovery(request: HttpRequest, tenant: str, *, instance: Instance) -> HttpResponse:
    """Where tokens are to be had, for clients that ask (msal, azure-identity)."""
    if not tokens.is_tenant(tenant):
        return JsonResponse(
            {"error": "invalid_tenant", "error_description": "There is no such tenant."}, status=400
        )
    authority = f"{request.scheme}://{request.get_host()}/{tenant}"
    return JsonResponse(
        {
            "issuer": f"{authority}/v2.0",
            "token_endpoint": f"{authority}/oauth2/v2.0/token",
            "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["pairwise"],
        }
    )


@_open
@_at_host
def token(request: HttpRequest, tenant: str, *, instance: Instance) -> HttpResponse:
    response: HttpResponse = OrganizationTokenView.as_view()(request, tenant=tenant)
    return response


@_open
def nothing(request: HttpRequest, path: str = "") -> HttpResponse:
    """Whatever else is asked for on this host."""
    return _answer(
        of_fault(Fault(404, "0x80060888", f"Resource not found for the segment '{unquote(path)[:100]}'."))
    )

"""How an organization is reached: from the admin center to one somewhere else, and by programs to an embedded one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import permissions
from accounts.language import spoken
from accounts.words import N_
from organizations import clients, connections
from organizations.clients import Credentials
from organizations.connections import NotConnected
from organizations.dataverse.rights import TITLES
from organizations.facade import tokens
from organizations.forms_connection import ClientForm, ConnectionForm
from organizations.models import Connection, Instance
from organizations.views_access import administered, person

NOT_CONNECTING = N_(
    "You need to be a global administrator or Dynamics 365 service administrator in order to connect organizations."
)
_METHODS = ["GET", "HEAD", "POST"]


def _require_tenant_administrator(request: HttpRequest) -> None:
    if not permissions.is_tenant_administrator(person(request)):
        raise PermissionDenied(NOT_CONNECTING)


@sensitive_post_parameters("secret", "password")
@never_cache
@require_http_methods(_METHODS)
def add(request: HttpRequest) -> HttpResponse:
    """Connect an organization. It is asked before anything is kept; then each right is tried."""
    _require_tenant_administrator(request)
    form = ConnectionForm(request.POST, request.FILES) if request.method == "POST" else ConnectionForm()
    if form.is_bound and form.is_valid():
        try:
            instance = connections.add(form.wanted())
        except NotConnected as error:
            form.add_error(None, spoken(error))
        else:
            connections.test(instance)
            return redirect("organizations:connection", instance.id)
    return render(request, "organizations/connection_form.html", {"form": form}, status=_status(form))


@sensitive_post_parameters("secret", "password")
@never_cache
@require_http_methods(_METHODS)
def edit(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    _require_tenant_administrator(request)
    instance = get_object_or_404(Instance, pk=instance_id, kind=Instance.Kind.DATAVERSE)
    posted = request.method == "POST"
    form = ConnectionForm(*((request.POST, request.FILES) if posted else ()), instance=instance)
    if form.is_bound and form.is_valid():
        try:
            connections.change(instance, form.wanted())
        except NotConnected as error:
            form.add_error(None, spoken(error))
        else:
            connections.test(instance)
            return redirect("organizations:connection", instance.id)
    shown = {"form": form, "instance": get_object_or_404(Instance, pk=instance_id)}
    return render(request, "organizations/connection_form.html", shown, status=_status(form))


def _status(form: ConnectionForm | ClientForm) -> int:
    return 422 if form.is_bound and not form.is_valid() else 200


@never_cache
@require_http_methods(_METHODS)
def connection(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """One page for what an instance is: how we reach it, or who may reach it."""
    instance = administered(request, instance_id)
    if instance.kind == Instance.Kind.EMBEDDED:
        return _clients(request, instance)
    _require_tenant_administrator(request)
    if request.method == "POST":
        connections.test(instance)
        return redirect("organizations:connection", instance.id)
    found = Connection.objects.filter(instance=instance).first()
    if found is None:
        raise Http404
    findings = [
        {**finding, "title": TITLES[finding["right"]]}
        for finding in found.report
        if finding["right"] in TITLES
    ]
    shown = {"connection": found, "findings": findings, "all_well": all(row["ok"] for row in findings)}
    return render(request, "organizations/connection.html", {"instance": instance, **shown})


def _clients(request: HttpRequest, instance: Instance) -> HttpResponse:
    """Programs of an embedded organization. A secret is on the answer to the form and nowhere else."""
    form, credentials = ClientForm(instance=instance), None
    if request.method == "POST":
        form, credentials = _act(request, instance)
        if credentials is None and not form.is_bound:
            return redirect("organizations:connection", instance.id)
    shown = {
        "form": form,
        "clients": clients.of(instance),
        "credentials": credentials,
        "tenant": tokens.TENANT,
        "token_endpoint": f"{_root(request, instance)}/{tokens.TENANT}/oauth2/v2.0/token",
        "api": f"{_root(request, instance)}/api/data/v9.2/",
        "scope": f"{_root(request, instance)}/.default",
    }
    page = {"instance": instance, **shown}
    return render(request, "organizations/connection_clients.html", page, status=_status(form))


def _root(request: HttpRequest, instance: Instance) -> str:
    """Where the organization's own host answers: the same server as this page."""
    _, colon, port = request.get_host().partition(":")
    return f"{request.scheme}://{tokens.host(instance)}{colon}{port}"


def _act(request: HttpRequest, instance: Instance) -> tuple[ClientForm, Credentials | None]:
    """The form if it was refused, else a new secret if there is one to show."""
    empty = ClientForm(instance=instance)
    try:
        match request.POST.get("action", ""):
            case "renew":
                return empty, clients.renew(instance=instance, user_id=_user(request))
            case "remove":
                clients.remove(instance=instance, user_id=_user(request))
                messages.success(request, gettext("The program has no access any more."))
                return empty, None
    except clients.UnknownClient:
        messages.info(request, gettext("This program had no access any more."))
        return empty, None
    form = ClientForm(request.POST, instance=instance)
    if not form.is_valid():
        return form, None
    roles = [role.pk for role in form.cleaned_data["roles"]]
    owner = person(request).directory_object_id
    made = clients.create(instance=instance, name=form.cleaned_data["name"], role_ids=roles, owner=owner)
    return empty, made


def _user(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("client", ""))
    except ValueError:
        raise clients.UnknownClient from None

"""What every page of the admin center needs around its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from accounts import permissions
from accounts.models import User
from accounts.words import N_


@dataclass(frozen=True)
class Tab:
    """One tab of the administration center."""

    title: str
    url: str
    active: bool


# Title, address by name, and where the pages of the tab are; pages elsewhere, such as those of errors, have no tab.
_TABS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (N_("Instances"), "organizations:instances", ("/instances/",)),
    (N_("Applications"), "provisioning:applications", ("/applications/", "/portals/", "/certificates/")),
    (N_("Jobs"), "jobs:list", ("/jobs/",)),
    (N_("Audit"), "audit", ("/audit/",)),
    (N_("System"), "system", ("/system/",)),
)
# Tabs for those who manage the whole tenant.
_TENANT_ONLY = {"audit", "system"}


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: tabs, the languages, the support address. Nothing of it on a portal's host."""
    if getattr(request, "portal_host", None) is not None or not hasattr(request, "user"):
        return {}
    return {
        "tabs": _tabs(request) if request.user.is_authenticated else [],
        "may_read_audit": isinstance(request.user, User) and permissions.may_read_audit(request.user),
        "interface_languages": settings.LANGUAGES,
        "chosen_language": getattr(request.user, "language", "")
        or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
        "support_address": settings.SUPPORT_ADDRESS,
        "base_domain": settings.PORTAL_BASE_DOMAIN,
        "base_suffix": f".{settings.PORTAL_BASE_DOMAIN}",
    }


def _tabs(request: HttpRequest) -> list[Tab]:
    assert isinstance(request.user, User)
    shown = [
        tab
        for tab in _TABS
        if tab[1] not in _TENANT_ONLY or permissions.is_tenant_administrator(request.user)
    ]
    # What is not there is in no tab, whatever its address begins with.
    here = request.path if request.resolver_match else ""
    return [Tab(gettext(title), reverse(name), here.startswith(places)) for title, name, places in shown]

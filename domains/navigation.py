"""What the Portal Admin Center's navigation and Portal Actions show of custom domains."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from domains.policies import why_no_domains
from provisioning.models import Portal
from provisioning.navigation import Entry, Tile, register, register_tile


def _domains(portal: Portal) -> str:
    return reverse("domains:domains", args=[portal.pk])


def _certificates(portal: Portal) -> str:
    return f"{reverse('domains:certificates')}?{urlencode({'portal': str(portal.pk)})}"


def _add(portal: Portal) -> str:
    return reverse("domains:add", args=[portal.pk])


def register_all() -> None:
    """Called at start-up."""
    register(Entry("domains", "Set up custom domains and SSL", "domain", 30, _domains, rests=why_no_domains))
    register(
        Entry(
            "certificates",
            "Manage SSL certificates",
            "certificate",
            40,
            _certificates,
            rests=why_no_domains,
        )
    )
    register_tile(
        Tile(
            "add-domain",
            "Add a custom domain name",
            "Add a custom domain name to the portal.",
            100,
            _add,
            why_no_domains,
        )
    )

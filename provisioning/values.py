"""The values of a configuration as people read them, from the inputs of a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, gettext

from organizations.languages import language
from organizations.models import Instance
from provisioning.features import ADD_ONS, AUDIENCES, KINDS, AddOn, Audience, PortalKind
from provisioning.models import DevelopmentStatus


def shown(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and value of each, in the order of the form and in the reader's language. One query."""
    instance = Instance.objects.filter(pk=inputs["instance_id"]).only("name").first()
    status = inputs.get("development_status", "")
    return [
        (gettext("Name"), inputs["name"]),
        (gettext("Portal development status"), str(DevelopmentStatus(status).label) if status else ""),
        (gettext("Portal URL"), f"{inputs['subdomain']}.{settings.PORTAL_BASE_DOMAIN}"),
        (gettext("Dynamics 365 Instance"), instance.name if instance else str(inputs["instance_id"])),
        (gettext("Portal language"), language(inputs["language"]).name_in(get_language() or "en")),
        (gettext("Portal administrator"), inputs["administrator_name"]),
        (gettext("Portal Audience"), gettext(AUDIENCES[Audience(inputs["audience"])])),
        (gettext("Application type"), gettext(KINDS[PortalKind(inputs["template"])].title)),
        (
            gettext("Optional add-ons"),
            ", ".join(gettext(ADD_ONS[AddOn(name)].title) for name in inputs["add_ons"]),
        ),
        (
            gettext("Enable portal for early upgrade"),
            gettext("Yes") if inputs.get("early_upgrade") else gettext("No"),
        ),
    ]

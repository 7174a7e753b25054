"""What pages of a portal tell of DNS records that lead to it in vain."""

from __future__ import annotations

from typing import Any

from django import template

from domains import queries
from provisioning.models import Portal

register = template.Library()


@register.inclusion_tag("domains/_dangling.html")
def dangling(portal: Portal) -> dict[str, Any]:
    """One query."""
    return {"records": queries.dangling(portal)}

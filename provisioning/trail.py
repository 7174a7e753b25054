"""What the audit trail tells of portals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.urls import reverse

from accounts import audit
from accounts.audit import Subject, Verb
from accounts.words import N_
from jobs.trail import Look, register_look
from provisioning.models import Portal
from provisioning.phases import ADD_ON

if TYPE_CHECKING:
    from accounts.models import User

# What people configure and change; never what belongs to the portal's application in the directory.
_VALUES = (
    "name subdomain instance_id language administrator_id administrator_name audience template add_ons type "
    "development_status early_upgrade is_on"
).split()


def register() -> None:
    """Called at start-up."""
    audit.register("portal", audit.Kind(N_("Portal"), url=_url, find=_find))
    register_look("portal_id", _look)
    audit.register_forms(
        {
            "provisioning:add": Verb.ADD_PORTAL,
            "provisioning:configure": Verb.DRAFT_VALUES,
            "provisioning:terms": Verb.SUBMIT,
            "provisioning:change": Verb.CHANGE_VALUES,
            "provisioning:restart": Verb.RESTART_JOB,
            "provisioning:reset": Verb.RESET_PORTAL,
            "provisioning:details": Verb.UPDATE_DETAILS,
            "provisioning:convert": Verb.CONVERT_PORTAL,
            "provisioning:add-owner": Verb.ADD_OWNER,
            "provisioning:translations": Verb.UPDATE_TRANSLATIONS,
            "provisioning:instance": Verb.UPDATE_INSTANCE_URL,
            "provisioning:instance-restart": Verb.RESTART_JOB,
        }
    )


def subject(portal: Portal) -> Subject:
    """The portal as the trail names it."""
    return Subject("portal", str(portal.id), portal.name or ADD_ON)


def values(portal: Portal) -> dict[str, Any]:
    """What people configured, as it is now."""
    return {name: _plain(getattr(portal, name)) for name in _VALUES}


def configured(verb: Verb, portal: Portal, *, before: dict[str, Any], by: User) -> None:
    """Somebody gave the portal its values; only those that are others than before are told."""
    after = values(portal)
    changed = [name for name in _VALUES if before[name] != after[name]]
    audit.record(
        verb,
        subject=subject(portal),
        by=by,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )


def updated(portal: Portal, *, before: dict[str, Any]) -> None:
    """Somebody changed the details; on and off is told by itself."""
    after, was_on = values(portal), before.pop("is_on")
    on = {"is_on": after.pop("is_on")}
    audit.changed(Verb.UPDATE_DETAILS, subject=subject(portal), before=before, after=after)
    audit.changed(Verb.SWITCH_PORTAL, subject=subject(portal), before={"is_on": was_on}, after=on)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return list(value) if isinstance(value, list) else value


def _url(id: str) -> str:
    return reverse("provisioning:portal", args=[id])


def _find(id: str) -> Subject | None:
    portal = Portal.objects.filter(pk=id).only("id", "name").first()
    return None if portal is None else subject(portal)


def _look(id: str) -> Look | None:
    portal = Portal.objects.filter(pk=id).only("id", "name", "phase", "packages").first()
    if portal is None:
        return None
    return Look(subject(portal), {"phase": portal.phase, "packages": portal.packages})

"""What the audit trail tells of instances."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from accounts import audit
from accounts.audit import Result, Subject, Verb
from accounts.words import N_
from jobs.trail import Look, register_look
from organizations.models import Instance
from organizations.packages import catalog


def register() -> None:
    """Called at start-up."""
    audit.register("instance", audit.Kind(N_("Instance"), url=_url, find=_find))
    audit.register("solution", audit.Kind(N_("Solution")))
    register_look("solutions_of", _look)
    audit.register_forms(
        {
            "organizations:access": Verb.SWITCH_ACCESS,
            "organizations:solutions": Verb.INSTALL_SOLUTION,
            "organizations:retry": Verb.CHANGE_LANGUAGES,
            "organizations:upload": Verb.INSTALL_SOLUTION,
            "organizations:languages": Verb.CHANGE_LANGUAGES,
            "organizations:labels": Verb.CHANGE_LABELS,
            "organizations:address": Verb.UPDATE_INSTANCE_URL,
            "organizations:add-instance": Verb.CONNECT_INSTANCE,
            "organizations:connection": Verb.CHANGE_PROGRAMS,
            "organizations:connection-edit": Verb.CONNECT_INSTANCE,
        }
    )


def subject(instance: Instance) -> Subject:
    """The instance as the trail names it."""
    return Subject("instance", str(instance.id), instance.name)


def access(instance_id: UUID, *, before: bool, after: bool) -> None:
    """The admin center was let into an organization, or shut out."""
    instance = Instance.objects.get(pk=instance_id)
    audit.changed(
        Verb.SWITCH_ACCESS,
        subject=subject(instance),
        before={"admin_center_may_enter": before},
        after={"admin_center_may_enter": after},
    )


def address(instance: Instance, *, before: str) -> None:
    """An organization answers at another URL than before."""
    audit.changed(
        Verb.UPDATE_INSTANCE_URL,
        subject=subject(instance),
        before={"url": before},
        after={"url": instance.url},
    )


def solution(
    instance_id: UUID,
    unique_name: str,
    *,
    version: str,
    failed: bool = False,
    reason: str = "",
    error_id: str = "",
) -> None:
    """An organization has a solution in a version now, or its installation failed."""
    audit.record(
        Verb.INSTALL_SOLUTION,
        subject=Subject(
            "solution",
            unique_name,
            catalog.friendly_names().get(unique_name, unique_name),
            about=("instance", str(instance_id)),
        ),
        after={"version": version},
        result=Result.FAILED if failed else Result.DONE,
        reason=reason,
        error_id=error_id,
    )


def languages(instance: Instance, *, change: str, lcid: int) -> None:
    """A language was enabled, disabled, or made the default one."""
    audit.record(Verb.CHANGE_LANGUAGES, subject=subject(instance), after={change: lcid})


def label(instance: Instance, *, component: str, column: str, lcid: int, text: str | None) -> None:
    """A person wrote a text of their own, or (None) took it away."""
    value = {"component": component, "column": column, "language": lcid, "text": text}
    audit.record(Verb.CHANGE_LABELS, subject=subject(instance), after=value)


def shown(instance: Instance) -> dict[str, str]:
    """Where an organization is; how we prove ourselves there is nobody's business."""
    return {"name": instance.name, "url": instance.url, "type": instance.type}


def connected(instance: Instance, *, before: dict[str, str]) -> None:
    """An organization was connected, or is reached otherwise (perhaps with another proof of ours only)."""
    after = shown(instance)
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    old = {name: before[name] for name in changed if name in before}
    audit.record(Verb.CONNECT_INSTANCE, subject=subject(instance), before=old, after=changed)


def program(instance: Instance, *, change: str, name: str) -> None:
    """A program was let into an organization ("added"), got a new secret ("renewed") or was shut out ("removed")."""
    audit.record(Verb.CHANGE_PROGRAMS, subject=subject(instance), after={change: name})


def imported(instance: Instance, *, file: str, operation: UUID) -> None:
    """A file of translations was handed to the organization."""
    audit.record(
        Verb.CHANGE_LABELS, subject=subject(instance), after={"file": file, "operation": str(operation)}
    )


def _url(id: str) -> str:
    return reverse("organizations:instance", args=[id])


def _find(id: str) -> Subject | None:
    instance = Instance.objects.filter(pk=id).only("id", "name").first()
    return None if instance is None else subject(instance)


def _look(id: str) -> Look | None:
    found = _find(id)
    return None if found is None else Look(found, {})

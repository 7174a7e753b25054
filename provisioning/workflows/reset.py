"""Resetting a portal: every hosted resource goes, and nothing of the organization's.

Walks the resource ledger backwards, kind by kind (`provisioning.teardown`). What the organization holds - website
records, solutions, data - stays as it is, and the address stays reserved for the organization.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from accounts import permissions
from accounts.directory import directory
from accounts.models import User
from accounts.ports import ApplicationNotFound, DirectoryDenied, DirectoryUnavailable
from accounts.roles import OrganizationRole
from jobs import ledger
from jobs.context import StepContext
from jobs.errors import Blocked, Permanent, Transient
from jobs.models import Job, Resource
from jobs.registry import Effect, Kind, OnRestart, Planned, Step
from jobs.states import JobState
from organizations.connect import connect
from provisioning import teardown
from provisioning.hosting import hosting
from provisioning.models import Portal, portal_key
from provisioning.phases import NOT_ALLOWED, Packages, Phase
from provisioning.policies import no_new_reset, require_new_attempt
from provisioning.ports import HostingUnavailable
from provisioning.workflows.provision import may_manage, subject

KIND = "reset-portal"


def no_right(application: str) -> str:
    """The mission's error: which application, and who can help."""
    return (
        f"You do not have permission to delete the application “{application}” of this portal in the directory. "
        "Contact the global administrator for the appropriate permissions. Nothing was changed."
    )


def require_right(application_id: UUID | None, *, object_id: UUID) -> None:
    """Raises Blocked when that person may not delete the application; one that is gone needs no right.

    Raises Transient when the directory cannot be reached.
    """
    if application_id is None:
        return
    try:
        if not directory().may_delete(application_id, object_id=object_id):
            raise Blocked(
                no_right(directory().get(application_id).display_name), code="no_application_permission"
            )
    except ApplicationNotFound:
        return
    except DirectoryUnavailable as error:
        raise Transient(str(error), code="directory_unavailable") from error


def require_rights(*, portal: Portal, user: User) -> None:
    """The person's roles and rights as the organization and the directory see them at this moment.

    Raises Blocked, Transient.
    """
    if not permissions.is_tenant_administrator(user) and portal.instance is not None:
        roles = connect(portal.instance).roles_of(user.directory_object_id)
        if OrganizationRole.SYSTEM_ADMINISTRATOR not in roles:
            raise Blocked(NOT_ALLOWED, code="not_administrator")
    require_right(portal.application_id, object_id=user.directory_object_id)


def _check(context: StepContext) -> Mapping[str, Any]:
    """Once more: the job may have waited, and a role or a right may be gone since it was asked for."""
    portal = Portal.objects.select_related("instance").get(pk=context.inputs["portal_id"])
    job = Job.objects.select_related("requested_by").get(pk=context.job_id)
    if job.requested_by is None:
        raise Blocked("The person who asked for this reset does not exist any more.", code="requester_gone")
    require_rights(portal=portal, user=job.requested_by)
    return {}


def _withdraw(context: StepContext) -> Mapping[str, Any]:
    """The URL stops answering before anything is deleted."""
    with context.owned():
        routes = [row for row in ledger.held(exclusive_key=context.exclusive_key) if row.kind == "route"]
        for route in routes:
            hosting().withdraw(route.name, portal_id=UUID(context.inputs["portal_id"]))
            ledger.released(route)
        Portal.objects.filter(pk=context.inputs["portal_id"]).update(published_at=None)
    return {"addresses": [route.name for route in routes]}


def _release(context: StepContext) -> Mapping[str, Any]:
    """All resources of one kind, newest first."""
    act = teardown.find(context.argument)
    with context.owned():  # what is held later may be of another provisioning
        rows = [row for row in _hosted(context) if row.kind == context.argument]
    for row in rows:
        context.check()
        act.undo(context, row)
        ledger.released(row)
    return {"removed": [row.name for row in rows]}


def _hosted(context: StepContext) -> list[Resource]:
    held = ledger.held(exclusive_key=context.exclusive_key)
    return [row for row in held if row.scope == Resource.Scope.HOSTED]


def _verify(context: StepContext) -> Mapping[str, Any]:
    """Nothing hosted is left in the ledger, and the URL answers that no portal is there."""
    if left := _hosted(context):
        raise Permanent(
            "These resources are still there: " + ", ".join(f"{row.kind} {row.name}" for row in left) + ".",
            code="resources_left",
        )
    if subdomain := context.inputs["subdomain"]:
        probe = hosting().probe(subdomain)
        if probe.portal_id == UUID(context.inputs["portal_id"]):
            raise HostingUnavailable("The portal's URL still answers.")
    return {}


def _remove_application(context: StepContext, resource: Resource) -> None:
    if not resource.external_id:  # planned, and never made
        made = directory().find(request_key=portal_key(context.inputs["portal_id"]))
        if made is None:
            return
        with context.owned():  # else it may be the one of a later provisioning
            pass
        resource.external_id = str(made.id)
    try:
        directory().delete(UUID(resource.external_id))
    except DirectoryDenied as error:
        raise Blocked(str(error), code="directory_denied") from error
    except DirectoryUnavailable as error:
        raise Transient(str(error), code="directory_unavailable") from error


def _forget_keys(context: StepContext, resource: Resource) -> None:
    with context.owned():
        Portal.objects.filter(pk=context.inputs["portal_id"]).update(
            application_id=None, client_id=None, client_secret="", client_secret_id=None
        )


def _release_address(context: StepContext, resource: Resource) -> None:
    with context.owned():
        hosting().release(resource.name, portal_id=UUID(context.inputs["portal_id"]))


teardown.register(
    teardown.Teardown("directory-application", "Delete the portal's application", 40, _remove_application)
)
teardown.register(teardown.Teardown("client-secret", "Delete the portal's stored keys", 50, _forget_keys))
teardown.register(teardown.Teardown("address", "Give up the portal's URL", 60, _release_address))


def _plan(inputs: Mapping[str, Any]) -> Sequence[Planned]:
    releases = [Planned("release", act.kind) for act in teardown.ordered()]
    return [Planned("check-permission"), Planned("withdraw"), *releases, Planned("verify")]


def _begun(job: Job) -> None:
    require_new_attempt(no_new_reset, job)
    Portal.objects.filter(pk=job.inputs["portal_id"]).update(phase=Phase.RESETTING, reset_job=job)


def _settled(job: Job) -> None:
    portals = Portal.objects.filter(pk=job.inputs["portal_id"], reset_job=job)
    if job.state == JobState.SUCCEEDED:
        portals.update(phase=Phase.RESET, packages=Packages.NONE, published_at=None)
    else:
        portals.update(phase=Phase.RESET_FAILED)


RESET = Kind(
    name=KIND,
    version=1,
    title="Reset portal",
    steps=(
        Step(
            "check-permission",
            "Check the permission to delete the portal's application",
            _check,
            Effect.IDEMPOTENT,
            OnRestart.VERIFY,
        ),
        Step("withdraw", "Lead nobody to the portal any more", _withdraw, Effect.IDEMPOTENT),
        Step("release", "Remove: {argument}", _release, Effect.IDEMPOTENT),
        Step("verify", "Make sure that nothing is left", _verify, Effect.IDEMPOTENT, OnRestart.VERIFY),
    ),
    plan=_plan,
    may_see=may_manage,
    may_act=may_manage,
    subject=subject,
    on_begun=_begun,
    on_settled=_settled,
)

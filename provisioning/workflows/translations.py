"""Get latest metadata translations: the portal's solutions are imported again, in the version that is installed, so
that their labels come in every language that is enabled now (mission, "Import metadata translation").

It raises no version, changes nothing that people wrote, and waits its turn among the imports of the organization. Its
failure leaves the portal as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from accounts.words import N_
from jobs.context import StepContext
from jobs.errors import Permanent
from jobs.models import Job
from jobs.registry import Effect, Kind, OnRestart, Planned, Step
from jobs.services import NotRestartable
from organizations import archive, importing, installations, language_list
from organizations.connect import connect_by_id
from provisioning.models import Portal
from provisioning.policies import no_new_translations, require_new_attempt, why_no_translations
from provisioning.translations import KIND
from provisioning.workflows.provision import may_manage, subject

UPDATE = "update-solution"


def _check(context: StepContext) -> Mapping[str, Any]:
    """What is there to be updated, and for which languages."""
    organization = connect_by_id(UUID(context.inputs["instance_id"]))
    languages = organization.provisioned_languages()
    with context.owned():  # else others may know newer ones by now
        language_list.remember(UUID(context.inputs["instance_id"]), languages)
    there = {solution.unique_name: solution.version for solution in organization.solutions()}
    found = {name: there[name] for name in context.inputs["solutions"] if name in there}
    if not found:
        raise Permanent(
            "None of the portal’s solutions is installed in the organization, so there is nothing to update.",
            code="nothing_installed",
        )
    return {"languages": languages, "versions": found}


def _update(context: StepContext) -> Mapping[str, Any]:
    """Import one solution again, in the version that the organization has at this moment."""
    name, instance_id = context.argument, UUID(context.inputs["instance_id"])
    organization = connect_by_id(instance_id)
    version = next((s.version for s in organization.solutions() if s.unique_name == name), None)
    if version is None:
        return {"installed": False}
    content = archive.find(instance_id=instance_id, unique_name=name, version=version)
    if content is None:
        raise Permanent(
            f"The admin center has no package of {name} in version {version}, which is installed. "
            "Upgrade the solution on the solutions page of the instance; that brings its labels, too.",
            code="version_not_kept",
        )
    operation = importing.see_through(
        context, lambda operation_id: organization.import_solution(content, operation_id=operation_id)
    )
    return {
        "installed": True,
        "version": version,
        "labels": [asdict(changes) for changes in operation.labels],
    }


def _plan(inputs: Mapping[str, Any]) -> Sequence[Planned]:
    return [Planned("check"), *(Planned(UPDATE, name) for name in inputs["solutions"])]


def _begun(job: Job) -> None:
    """Whatever else would begin with the portal, or would install, is before this or after it."""
    portal = Portal.objects.select_for_update().get(pk=job.inputs["portal_id"])
    installations.hold(UUID(job.inputs["instance_id"]))
    if sentence := why_no_translations(portal):
        raise NotRestartable(sentence)
    require_new_attempt(no_new_translations, job)


TRANSLATIONS = Kind(
    name=KIND,
    version=1,
    title=N_("Get latest metadata translations"),
    steps=(
        Step(
            "check",
            N_("Look which solutions are installed, and which languages are enabled"),
            _check,
            Effect.IDEMPOTENT,
            OnRestart.VERIFY,
        ),
        # A solution that is updated already costs next to nothing, and languages may have been enabled since.
        Step(UPDATE, N_("Update the labels of {argument}"), _update, Effect.PROBE_FIRST, OnRestart.VERIFY),
    ),
    plan=_plan,
    may_see=may_manage,
    may_act=may_manage,
    subject=subject,
    on_begun=_begun,
)

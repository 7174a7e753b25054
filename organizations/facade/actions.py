"""Functions and actions of the Web API that belong to no table."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.cache import cache

from organizations import ports
from organizations.adapters.embedded import imports, languages, solutions, translations
from organizations.facade import privileges
from organizations.facade.callers import Caller
from organizations.facade.entitysets import bulk_delete
from organizations.facade.exchange import MAX_FILE, Call, Reply
from organizations.facade.odata.faults import (
    BAD_PACKAGE,
    CUSTOMIZATION_LOCKED,
    INVALID_ARGUMENT,
    Fault,
    bad_payload,
    bad_query,
    no_record,
)
from organizations.facade.odata.paths import Segment
from organizations.facade.tables import business_unit, error_number, other_side
from organizations.packages import catalog, reader, verdict
from organizations.ports import Operation

Action = Callable[[Call, Caller, Segment], Reply]

# Seconds after which an import that has not ended, since whatever did it died, keeps no other one out.
_IMPORT_LASTS = 120
_AGAIN = 5  # seconds


def _context(call: Call, name: str) -> dict[str, Any]:
    return {"@odata.context": f"{call.root}/$metadata#Microsoft.Dynamics.CRM.{name}Response"}


# --- functions ----------------------------------------------------------------------------------------------


def _who_am_i(call: Call, caller: Caller, segment: Segment) -> Reply:
    organization_id = caller.instance.organization_id
    ids = {
        "BusinessUnitId": str(business_unit(organization_id)),
        "UserId": str(caller.user.id),
        "OrganizationId": str(organization_id),
    }
    return Reply(200, {**_context(call, "WhoAmI"), **ids})


def _version(call: Call, caller: Caller, segment: Segment) -> Reply:
    return Reply(200, {**_context(call, "RetrieveVersion"), "Version": caller.instance.version})


def _provisioned(call: Call, caller: Caller, segment: Segment) -> Reply:
    found = languages.enabled(caller.instance.id, caller.instance.base_language)
    return Reply(
        200, {**_context(call, "RetrieveProvisionedLanguages"), "RetrieveProvisionedLanguages": found}
    )


def _available(call: Call, caller: Caller, segment: Segment) -> Reply:
    found = languages.available(caller.instance.id, caller.instance.base_language)
    return Reply(200, {**_context(call, "RetrieveAvailableLanguages"), "LocaleIds": found})


def _missing(call: Call, caller: Caller, segment: Segment) -> Reply:
    """Prerequisites of an installed solution that are not there (any more). Ours cannot be taken away: none."""
    caller.require(privileges.READ_SOLUTIONS)
    name = (segment.arguments or {}).get("SolutionUniqueName")
    installed = {solution.unique_name: solution for solution in solutions.installed(caller.instance.id)}
    if not isinstance(name, str) or name not in installed:
        raise no_record("solution", str(name))
    missing: tuple[str, ...] = ()
    if name in catalog.friendly_names():
        staged, _ = verdict.judge(catalog.package(name), installed, catalog.friendly_names())
        missing = staged.missing
    return Reply(
        200,
        {
            "@odata.context": f"{call.root}/$metadata#dependencies",
            "value": [{"requiredcomponentname": text, "dependentcomponentname": name} for text in missing],
        },
    )


# --- languages ----------------------------------------------------------------------------------------------


def _language(change: Callable[[UUID, int], None]) -> Action:
    def act(call: Call, caller: Caller, segment: Segment) -> Reply:
        caller.require(privileges.LANGUAGES)
        lcid = call.payload().get("Language")
        if not isinstance(lcid, int) or isinstance(lcid, bool) or not 0 < lcid < 2**31:
            raise bad_payload("Language wants an LCID.")
        try:
            change(caller.instance.id, lcid)
        except ports.Rejected as error:
            raise Fault(400, INVALID_ARGUMENT, f"{error.message} [{error.code}]") from error
        return Reply(204)

    return act


# --- solutions ----------------------------------------------------------------------------------------------


def _file(payload: Mapping[str, Any], name: str) -> bytes:
    text = payload.get(name)
    if not isinstance(text, str):
        raise bad_payload(f"{name} wants a file, as base64.")
    if len(text) > MAX_FILE * 4 // 3 + 4:
        raise Fault(413, "0x80040203", f"The file is larger than {MAX_FILE // 1024**2} MB.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_payload(f"{name} is not base64.") from error


def _stage(call: Call, caller: Caller, segment: Segment) -> Reply:
    caller.require(privileges.IMPORT)
    data = _file(call.payload(), "CustomizationFile")
    try:
        package = reader.read(data)
    except ports.Rejected as error:
        raise Fault(400, BAD_PACKAGE, error.message) from error
    staged, objection = solutions.verdict(caller.instance.id, package)
    names = {f"{item.unique_name} ({item.version})": item for item in package.requires}
    installed = {solution.unique_name for solution in solutions.installed(caller.instance.id)}
    missing = [
        {
            "RequiredComponentDisplayName": text,
            "DependentComponentDisplayName": package.friendly_name(),
        }
        for text in staged.missing
    ]
    results = {
        "StageSolutionUploadId": str(uuid.uuid4()),
        "StageSolutionStatus": "Passed" if objection is None else "Failed",
        "SolutionDetails": {
            "SolutionUniqueName": package.unique_name,
            "SolutionVersion": package.version,
            "IsUpdate": package.unique_name in installed,
            "PrerequisiteSolutions": sorted(names),
        },
        "MissingDependencies": missing,
        "SolutionValidationResults": [
            {
                "SolutionValidationResultType": "Error",
                "Message": text,
                "ErrorCode": error_number("older_version"),
                "AdditionalInfo": "",
            }
            for text in staged.problems
        ],
    }
    return Reply(200, {**_context(call, "StageSolution"), "StageSolutionResults": results})


Import = Callable[[UUID, bytes, UUID], Operation]


def _import(name: str, member: str, work: Import) -> Action:
    def act(call: Call, caller: Caller, segment: Segment) -> Reply:
        """Begun and, since an embedded organization works while it is called, ended within this request."""
        caller.require(privileges.IMPORT)
        payload = call.payload()
        if payload.get("OverwriteUnmanagedCustomizations"):
            raise Fault(400, INVALID_ARGUMENT, "People's own changes are never overwritten here.")
        operation_id = _job_id(payload)
        data = _file(payload, member)
        try:
            with _alone(caller.instance.id):
                operation = work(caller.instance.id, data, operation_id)
                while not operation.state.finished:
                    operation = work(caller.instance.id, data, operation_id)
        except ports.Rejected as error:
            raise Fault(400, BAD_PACKAGE, error.message) from error
        told = {"AsyncOperationId": str(other_side(operation_id)), "ImportJobKey": str(operation_id)}
        return Reply(200, {**_context(call, name), **told})

    return act


@contextmanager
def _alone(instance_id: UUID) -> Iterator[None]:
    """One import into an organization at a time, as Dataverse has it: each keeps one of our threads until it ends."""
    key = f"facade-import:{instance_id}"
    if not cache.add(key, True, _IMPORT_LASTS):
        said = "Cannot start another [Import] because there is a previous [Import] running at this moment."
        raise Fault(429, CUSTOMIZATION_LOCKED, said, {"Retry-After": str(_AGAIN)})
    try:
        yield
    finally:
        cache.delete(key)


def _job_id(payload: Mapping[str, Any]) -> UUID:
    given = payload.get("ImportJobId")
    if given is None:
        return uuid.uuid4()
    try:
        return UUID(given)
    except (ValueError, AttributeError, TypeError):
        raise bad_payload("ImportJobId wants an id.") from None


def _publish(call: Call, caller: Caller, segment: Segment) -> Reply:
    """An embedded organization shows every change at once, so nothing is left to publish."""
    caller.require(privileges.PUBLISH)
    return Reply(204)


def _bulk_delete(call: Call, caller: Caller, segment: Segment) -> Reply:
    return bulk_delete(call, caller)


FUNCTIONS: Mapping[str, Action] = {
    "WhoAmI": _who_am_i,
    "RetrieveVersion": _version,
    "RetrieveProvisionedLanguages": _provisioned,
    "RetrieveAvailableLanguages": _available,
    "RetrieveMissingDependencies": _missing,
}
ACTIONS: Mapping[str, Action] = {
    "ProvisionLanguage": _language(languages.enable),
    "DeprovisionLanguage": _language(languages.disable),
    "StageSolution": _stage,
    "ImportSolutionAsync": _import("ImportSolutionAsync", "CustomizationFile", imports.import_solution),
    "ImportTranslationAsync": _import(
        "ImportTranslationAsync", "TranslationFile", translations.import_translations
    ),
    "PublishAllXml": _publish,
    "BulkDelete": _bulk_delete,
}


def answer(call: Call, caller: Caller, segment: Segment) -> Reply | None:
    """None if there is no such function or action. Raises Fault."""
    if segment.name in FUNCTIONS:
        if call.method != "GET":
            raise bad_query(f"{segment.name} is a function: it is called with GET.")
        return FUNCTIONS[segment.name](call, caller, segment)
    if segment.name in ACTIONS:
        if call.method != "POST":
            raise bad_query(f"{segment.name} is an action: it is called with POST.")
        return ACTIONS[segment.name](call, caller, segment)
    return None

"""Solutions that we bring, but that an administrator installs: nothing installs them in passing."""

from __future__ import annotations

from uuid import uuid4

import pytest

from organizations.connect import connect
from organizations.models import Instance
from organizations.packages import catalog
from organizations.ports import Operation, OperationState

FIELD_SERVICE = "Partner Field Service needs Field Service 8.0.0.0 or later, which is not installed."
PROJECT_SERVICE = (
    "Partner Project Service needs Project Service Automation 3.0.0.0 or later, which is not installed."
)


def install(instance: Instance, *unique_names: str) -> Operation:
    """As a job does: in the order of the catalog, until one fails; the last import."""
    for name in catalog.install_order(unique_names):
        operation = connect(instance).import_solution(catalog.load(name), operation_id=uuid4())
        if operation.state is OperationState.FAILED:
            break
    return operation


def installed(instance: Instance) -> set[str]:
    return {solution.unique_name for solution in connect(instance).solutions()}


def test_the_order_leaves_out_what_an_administrator_installs() -> None:
    order = catalog.install_order(["PartnerFieldService", "PartnerProjectService"])
    assert order[:2] == ["PortalBase", "PartnerPortal"]
    assert sorted(order[2:]) == ["PartnerFieldService", "PartnerProjectService"]


def test_the_order_has_it_when_it_is_asked_for_by_name() -> None:
    assert catalog.install_order(["FieldService"]) == ["FieldService"]
    order = catalog.install_order(["PartnerFieldService", "FieldService"])
    assert order.index("FieldService") < order.index("PartnerFieldService")


def test_the_catalog_knows_which_ones_they_are() -> None:
    by_administrator = {item.unique_name for item in catalog.shipped() if item.by_administrator}
    assert by_administrator == {"FieldService", "ProjectServiceAutomation"}


@pytest.mark.parametrize(
    ("addon", "sentence"),
    [("PartnerFieldService", FIELD_SERVICE), ("PartnerProjectService", PROJECT_SERVICE)],
)
def test_an_add_on_fails_and_names_what_is_missing(instance: Instance, addon: str, sentence: str) -> None:
    operation = install(instance, addon)
    assert (operation.error_code, operation.message) == ("missing_dependency", sentence)
    assert installed(instance) == {"PortalBase", "PartnerPortal"}


@pytest.mark.parametrize(
    ("required", "addon"),
    [("FieldService", "PartnerFieldService"), ("ProjectServiceAutomation", "PartnerProjectService")],
)
def test_an_add_on_can_be_installed_once_an_administrator_did_their_part(
    instance: Instance, required: str, addon: str
) -> None:
    assert install(instance, required).state is OperationState.SUCCEEDED
    assert install(instance, addon).state is OperationState.SUCCEEDED
    assert installed(instance) == {required, "PortalBase", "PartnerPortal", addon}


def test_both_missing_prerequisites_are_named(instance: Instance) -> None:
    staged = connect(instance).stage_solution(catalog.load("PartnerFieldService"))
    assert staged.missing == ("Partner Portal 9.0.0.0", "Field Service 8.0.0.0")

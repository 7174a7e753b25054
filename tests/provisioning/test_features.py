import pytest

from provisioning.features import FEATURES, KINDS, KINDS_FOR, Audience, PortalKind


def test_the_table_has_the_missions_twenty_six_features() -> None:
    assert len(FEATURES) == 26


def test_each_kind_has_as_many_dots_as_in_the_mission() -> None:
    dots = {kind: sum(kind in kinds for kinds in FEATURES.values()) for kind in PortalKind}
    assert dots == {
        PortalKind.CUSTOMER_SELF_SERVICE: 13,
        PortalKind.PARTNER: 9,
        PortalKind.EMPLOYEE_SELF_SERVICE: 14,
        PortalKind.COMMUNITY: 12,
        PortalKind.CUSTOM: 12,
    }


@pytest.mark.parametrize(
    ("audience", "kinds"),
    [
        (Audience.PARTNER, "customer-self-service custom partner community"),
        (Audience.CUSTOMER, "customer-self-service custom community"),
        (Audience.EMPLOYEE, "employee-self-service"),
    ],
)
def test_each_audience_is_offered_what_the_mission_says(audience: Audience, kinds: str) -> None:
    assert " ".join(KINDS_FOR[audience]) == kinds


def test_every_kind_is_told_and_deployed() -> None:
    assert set(KINDS) == set(PortalKind)

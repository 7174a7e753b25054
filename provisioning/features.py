"""Kinds of portals, who they are for, and what each one can do. Pure data from the mission documents.

Pages, navigation and the comparison of kinds all read this one table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """Who will visit the portal."""

    PARTNER = "partner"
    CUSTOMER = "customer"
    EMPLOYEE = "employee"


class PortalKind(StrEnum):
    """What is deployed."""

    CUSTOMER_SELF_SERVICE = "customer-self-service"
    CUSTOM = "custom"
    PARTNER = "partner"
    COMMUNITY = "community"
    EMPLOYEE_SELF_SERVICE = "employee-self-service"


@dataclass(frozen=True)
class KindFacts:
    """`package` is the unique name of the solution that makes an organization able to feed such a portal."""

    title: str
    package: str


KINDS: dict[PortalKind, KindFacts] = {
    PortalKind.CUSTOMER_SELF_SERVICE: KindFacts("Customer Self-Service Portal", "CustomerSelfServicePortal"),
    PortalKind.CUSTOM: KindFacts("Custom Portal", "CustomPortal"),
    PortalKind.PARTNER: KindFacts("Partner Portal", "PartnerPortal"),
    PortalKind.COMMUNITY: KindFacts("Community Portal", "CommunityPortal"),
    PortalKind.EMPLOYEE_SELF_SERVICE: KindFacts("Employee Self-Service Portal", "EmployeeSelfServicePortal"),
}


class AddOn(StrEnum):
    """What may be deployed with a portal beside it."""

    PARTNER_PROJECT_SERVICE = "partner-project-service"
    PARTNER_FIELD_SERVICE = "partner-field-service"


ADD_ONS: dict[AddOn, KindFacts] = {
    AddOn.PARTNER_PROJECT_SERVICE: KindFacts("Partner Project Service", "PartnerProjectService"),
    AddOn.PARTNER_FIELD_SERVICE: KindFacts("Partner Field Service", "PartnerFieldService"),
}
ADD_ONS_FOR: dict[PortalKind, tuple[AddOn, ...]] = {PortalKind.PARTNER: tuple(AddOn)}

# In the order in which the form shows them.
KINDS_FOR: dict[Audience, tuple[PortalKind, ...]] = {
    Audience.PARTNER: (
        PortalKind.CUSTOMER_SELF_SERVICE,
        PortalKind.CUSTOM,
        PortalKind.PARTNER,
        PortalKind.COMMUNITY,
    ),
    Audience.CUSTOMER: (PortalKind.CUSTOMER_SELF_SERVICE, PortalKind.CUSTOM, PortalKind.COMMUNITY),
    Audience.EMPLOYEE: (PortalKind.EMPLOYEE_SELF_SERVICE,),
}

_S, _P, _E, _C, _X = (
    PortalKind.CUSTOMER_SELF_SERVICE,
    PortalKind.PARTNER,
    PortalKind.EMPLOYEE_SELF_SERVICE,
    PortalKind.COMMUNITY,
    PortalKind.CUSTOM,
)
_ALL = frozenset(PortalKind)

FEATURES: dict[str, frozenset[PortalKind]] = {
    "World Ready": _ALL,
    "Multi-Language Support": _ALL,
    "Portal Administration": _ALL,
    "Customization and Extensibility": _ALL,
    "Theming": _ALL,
    "Content Management": frozenset({_S, _E, _C}),
    "Knowledge Management": frozenset({_S, _P, _E, _C}),
    "Support/Case Management": frozenset({_S, _E, _C}),
    "Forums": frozenset({_S, _E, _C}),
    "Faceted Search": frozenset({_S, _E}),
    "Profile Management": frozenset({_S, _E}),
    "Subscribe to Forum Thread": frozenset({_S, _E}),
    "Comments": frozenset({_S, _E, _C}),
    "Azure AD Authentication": frozenset({_E}),
    "Ideas": frozenset({_C}),
    "Blogs": frozenset({_C}),
    "Project Service Automation Integration": frozenset({_P}),
    "Field Service Integration": frozenset({_P}),
    "Partner Onboarding": frozenset({_P}),
    "Portal Base": frozenset({_X}),
    "Portal Workflows": frozenset({_X}),
    "Web Notifications": frozenset({_X}),
    "Microsoft Identity": frozenset({_X}),
    "Identity Workflows": frozenset({_X}),
    "Web Forms": frozenset({_X}),
    "Feedback": frozenset({_X}),
}


@dataclass(frozen=True)
class Row:
    """One line of the comparison: whether each kind, in the order of `Comparison.kinds`, has the feature."""

    name: str
    kinds: tuple[bool, ...]


@dataclass(frozen=True)
class Comparison:
    """The table that answers "Which one?"."""

    kinds: tuple[str, ...]
    rows: tuple[Row, ...]


# The columns in the mission's order.
_COLUMNS = (_S, _P, _E, _C, _X)
COMPARISON = Comparison(
    tuple(KINDS[kind].title for kind in _COLUMNS),
    tuple(Row(name, tuple(kind in kinds for kind in _COLUMNS)) for name, kinds in FEATURES.items()),
)


def has(kind: PortalKind, feature: str) -> bool:
    """Raises KeyError for a feature that the table does not know."""
    return kind in FEATURES[feature]

"""Kinds of portals, who they are for, and what each one can do. Pure data from the mission documents.

The configure form and its comparison of kinds read this one table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from accounts.words import N_


class Audience(StrEnum):
    """Who will visit the portal."""

    PARTNER = "partner"
    CUSTOMER = "customer"
    EMPLOYEE = "employee"


AUDIENCES: dict[Audience, str] = {
    Audience.PARTNER: N_("Partner"),
    Audience.CUSTOMER: N_("Customer"),
    Audience.EMPLOYEE: N_("Employee"),
}


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
    PortalKind.CUSTOMER_SELF_SERVICE: KindFacts(
        N_("Customer Self-Service Portal"), "CustomerSelfServicePortal"
    ),
    PortalKind.CUSTOM: KindFacts(N_("Custom Portal"), "CustomPortal"),
    PortalKind.PARTNER: KindFacts(N_("Partner Portal"), "PartnerPortal"),
    PortalKind.COMMUNITY: KindFacts(N_("Community Portal"), "CommunityPortal"),
    PortalKind.EMPLOYEE_SELF_SERVICE: KindFacts(
        N_("Employee Self-Service Portal"), "EmployeeSelfServicePortal"
    ),
}


class AddOn(StrEnum):
    """What may be deployed with a portal beside it."""

    PARTNER_PROJECT_SERVICE = "partner-project-service"
    PARTNER_FIELD_SERVICE = "partner-field-service"


ADD_ONS: dict[AddOn, KindFacts] = {
    AddOn.PARTNER_PROJECT_SERVICE: KindFacts(N_("Partner Project Service"), "PartnerProjectService"),
    AddOn.PARTNER_FIELD_SERVICE: KindFacts(N_("Partner Field Service"), "PartnerFieldService"),
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
    N_("World Ready"): _ALL,
    N_("Multi-Language Support"): _ALL,
    N_("Portal Administration"): _ALL,
    N_("Customization and Extensibility"): _ALL,
    N_("Theming"): _ALL,
    N_("Content Management"): frozenset({_S, _E, _C}),
    N_("Knowledge Management"): frozenset({_S, _P, _E, _C}),
    N_("Support/Case Management"): frozenset({_S, _E, _C}),
    N_("Forums"): frozenset({_S, _E, _C}),
    N_("Faceted Search"): frozenset({_S, _E}),
    N_("Profile Management"): frozenset({_S, _E}),
    N_("Subscribe to Forum Thread"): frozenset({_S, _E}),
    N_("Comments"): frozenset({_S, _E, _C}),
    N_("Azure AD Authentication"): frozenset({_E}),
    N_("Ideas"): frozenset({_C}),
    N_("Blogs"): frozenset({_C}),
    N_("Project Service Automation Integration"): frozenset({_P}),
    N_("Field Service Integration"): frozenset({_P}),
    N_("Partner Onboarding"): frozenset({_P}),
    N_("Portal Base"): frozenset({_X}),
    N_("Portal Workflows"): frozenset({_X}),
    N_("Web Notifications"): frozenset({_X}),
    N_("Microsoft Identity"): frozenset({_X}),
    N_("Identity Workflows"): frozenset({_X}),
    N_("Web Forms"): frozenset({_X}),
    N_("Feedback"): frozenset({_X}),
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

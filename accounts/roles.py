"""The roles that decide who may do what. Pure: neither Django nor a database.

Sources: the mission documents on provisioning (2017, 2018); role template ids of Dataverse.
"""

from enum import StrEnum
from uuid import UUID


class DirectoryRole(StrEnum):
    """Roles of the directory: they hold for the whole tenant."""

    GLOBAL_ADMINISTRATOR = "global-administrator"
    SERVICE_ADMINISTRATOR = "dynamics-365-service-administrator"


class OrganizationRole(StrEnum):
    """Security roles of one organization that the admin center asks about."""

    SYSTEM_ADMINISTRATOR = "system-administrator"
    SYSTEM_CUSTOMIZER = "system-customizer"


# Names are translated in each organization, template ids are not (Dataverse, entity `role`).
ROLE_TEMPLATES: dict[OrganizationRole, UUID] = {
    OrganizationRole.SYSTEM_ADMINISTRATOR: UUID("627090ff-40a3-4053-8790-584edc5be201"),
    OrganizationRole.SYSTEM_CUSTOMIZER: UUID("119f245c-3cc8-4b62-b31c-d1a046ced15d"),
}

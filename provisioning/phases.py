"""Where a portal stands, what its row is called then, and what may be done. Pure; from the table of phases."""

from __future__ import annotations

from enum import StrEnum

from accounts.words import N_


class Phase(StrEnum):
    """A portal's phase, shown as `data-state`."""

    NOT_CONFIGURED = "not-configured"
    CONFIGURING = "configuring"
    CONFIGURED = "configured"
    PROVISIONING_FAILED = "provisioning-failed"
    RESETTING = "resetting"
    RESET = "reset"
    RESET_FAILED = "reset-failed"
    INSTANCE_UPDATING = "instance-updating"
    INSTANCE_UPDATE_FAILED = "instance-update-failed"


class Packages(StrEnum):
    """What became of the portal's packages, shown as `data-packages`."""

    NONE = "none"
    INSTALLING = "installing"
    INSTALLED = "installed"
    INSTALL_FAILED = "install-failed"


ADD_ON = "Portal Add-On"
_TITLES = {
    Phase.NOT_CONFIGURED: ADD_ON,
    Phase.CONFIGURING: N_("%(name)s-Configuring"),
    Phase.PROVISIONING_FAILED: N_("%(name)s-Provisioning Failed"),
}

BEING_CONFIGURED = (
    "This portal is currently being configured and updates are not allowed. Please try again later."
)
# On the page, "here" leads to the organization's solutions.
PACKAGES_INSTALLING = (
    "Your Portal URL has been created. However, package installation is still in progress. "
    "Please check status here."
)
PROVISIONING_ERROR = (
    "An error occurred while provisioning your Portal, and it could not be completed. To fix this, please restart "
    "provisioning by using the options shown below. If you have already retried multiple times, please contact support."
)
NOT_ALLOWED = (
    "You need to be a global administrator, Dynamics 365 service administrator, or system administrator for this "
    "organization in order to manage this portal."
)
NOT_CONFIGURED_YET = "This portal is not configured yet. Configure it first."
RESET_QUESTION = (
    "Do you want to reset this portal? This action will delete the hosted resources of your Portal and your Portal URL "
    "will not be accessible after this action. Please note that this action will not affect any Portal configurations "
    "or solutions present in your Dynamics 365 Instance and they will remain as is."
)
RESET_NOT_SUBMITTED = "A problem has occurred. Please try again. If this problem continues, contact support."
RESET_IN_PROGRESS = (
    "This portal is currently being reset and updates are not allowed. "
    "Please wait until the reset is finished."
)
RESET_ERROR = (
    "A problem occurred while resetting this portal. Please try again. "
    "If the problem continues, contact support."
)
WAS_RESET = "This portal was reset. Configure it to provision it again."
INSTANCE_UPDATING = N_(
    "The Dynamics 365 URL of this portal is currently being updated and other updates are not allowed. "
    "Please try again later."
)
INSTANCE_UPDATE_ERROR = N_(
    "A problem occurred while updating the Dynamics 365 URL of this portal, and it could not be completed. To fix "
    "this, please restart the update by using the options shown below. If you have already retried multiple times, "
    "please contact support."
)
RESTART_INSTANCE_UPDATE_FIRST = N_(
    "The update of this portal's Dynamics 365 URL failed. Restart it first, or enter another URL."
)
NOT_FAILED = N_("The provisioning of this portal did not fail, so there is nothing to restart.")
NOT_ITS_PRESENT_JOB = N_("This portal was configured anew since, so this attempt at it is of the past.")
WAS_RESET_SINCE = N_("This portal was reset since. Configure it to provision it again.")
RESET_DID_NOT_FAIL = N_("The reset of this portal did not fail, so there is nothing to restart.")
PACKAGES_DID_NOT_FAIL = N_(
    "The installation of this portal's packages did not fail, so there is nothing to restart."
)
INSTANCE_UPDATE_DID_NOT_FAIL = N_(
    "The update of this portal's Dynamics 365 URL did not fail, so there is nothing to restart."
)
RESTART_FIRST = "The provisioning of this portal failed. Restart it first."


def display_name(name: str, phase: Phase) -> str:
    """What the Applications tab calls the row; the suffix is never part of the stored name."""
    return title_template(phase) % {"name": name}


def title_template(phase: Phase) -> str:
    """The same for the catalogs; it may name the portal as %(name)s."""
    return _TITLES.get(phase, "%(name)s")


def why_no_updates(phase: Phase, packages: Packages) -> str | None:
    """The sentence with which any update is refused now; None when updates are allowed."""
    match phase:
        case Phase.NOT_CONFIGURED:
            return NOT_CONFIGURED_YET
        case Phase.CONFIGURING:
            return BEING_CONFIGURED
        case Phase.PROVISIONING_FAILED:
            return RESTART_FIRST
        case Phase.RESETTING:
            return RESET_IN_PROGRESS
        case Phase.RESET:
            return WAS_RESET
        case Phase.RESET_FAILED:
            return RESET_ERROR
        case Phase.INSTANCE_UPDATING:
            return INSTANCE_UPDATING
        case Phase.INSTANCE_UPDATE_FAILED:
            return RESTART_INSTANCE_UPDATE_FIRST
    if packages is Packages.INSTALLING:
        return PACKAGES_INSTALLING
    return None


def may_be_configured(phase: Phase) -> bool:
    """Configure Your Portal is open: never configured yet, or reset."""
    return phase in (Phase.NOT_CONFIGURED, Phase.RESET)


def why_no_reset(phase: Phase, packages: Packages) -> str | None:
    """The sentence with which a reset is refused now; None when it is allowed (mission, "Reset a portal")."""
    if phase in _FAILED:
        return PACKAGES_INSTALLING if packages is Packages.INSTALLING else None
    return why_no_updates(phase, packages)


def why_no_instance_update(phase: Phase, packages: Packages) -> str | None:
    """The same for an update of the Dynamics 365 URL: one that failed may be begun anew, with another URL, too."""
    if phase is Phase.INSTANCE_UPDATE_FAILED:
        return PACKAGES_INSTALLING if packages is Packages.INSTALLING else None
    return why_no_updates(phase, packages)


_FAILED = (Phase.PROVISIONING_FAILED, Phase.RESET_FAILED, Phase.INSTANCE_UPDATE_FAILED)
_WAS_RESET = (Phase.RESETTING, Phase.RESET, Phase.RESET_FAILED)


def why_no_new_provisioning(phase: Phase) -> str | None:
    """The sentence with which a restart of the portal's present provisioning is refused; None when it is allowed."""
    if phase is Phase.PROVISIONING_FAILED:
        return None
    return WAS_RESET_SINCE if phase in _WAS_RESET else NOT_FAILED


def why_no_new_reset(phase: Phase) -> str | None:
    """The same for its present reset."""
    return None if phase is Phase.RESET_FAILED else RESET_DID_NOT_FAIL


def why_no_new_instance_update(phase: Phase, packages: Packages) -> str | None:
    """The same for its present update of the Dynamics 365 URL."""
    if phase is Phase.INSTANCE_UPDATE_FAILED:
        return why_no_instance_update(phase, packages)
    return WAS_RESET_SINCE if phase in _WAS_RESET else INSTANCE_UPDATE_DID_NOT_FAIL


def why_no_new_packages(phase: Phase, packages: Packages) -> str | None:
    """The same for the present installation of its packages."""
    if phase in _WAS_RESET:
        return WAS_RESET_SINCE
    # A provisioning that failed asks for packages of its own, if its values were changed since these were asked for.
    if phase in (Phase.CONFIGURING, Phase.PROVISIONING_FAILED, Phase.INSTANCE_UPDATING):
        return why_no_updates(phase, packages)
    return None if packages is Packages.INSTALL_FAILED else PACKAGES_DID_NOT_FAIL

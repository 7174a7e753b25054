import pytest

from provisioning.phases import (
    INSTANCE_UPDATING,
    PACKAGES_INSTALLING,
    Packages,
    Phase,
    display_name,
    why_no_instance_update,
    why_no_new_instance_update,
    why_no_new_packages,
    why_no_new_provisioning,
    why_no_new_reset,
    why_no_reset,
    why_no_updates,
)


@pytest.mark.parametrize(
    ("phase", "shown"),
    [
        (Phase.NOT_CONFIGURED, "Portal Add-On"),
        (Phase.CONFIGURING, "Help-Configuring"),
        (Phase.CONFIGURED, "Help"),
        (Phase.PROVISIONING_FAILED, "Help-Provisioning Failed"),
        (Phase.INSTANCE_UPDATING, "Help"),
        (Phase.INSTANCE_UPDATE_FAILED, "Help"),
    ],
)
def test_the_suffix_tells_the_phase(phase: Phase, shown: str) -> None:
    assert display_name("Help", phase) == shown


@pytest.mark.parametrize(
    ("phase", "packages", "words"),
    [
        (Phase.NOT_CONFIGURED, Packages.NONE, "not configured yet"),
        (Phase.CONFIGURING, Packages.NONE, "currently being configured"),
        (Phase.PROVISIONING_FAILED, Packages.NONE, "failed"),
        (Phase.CONFIGURED, Packages.INSTALLING, "still in progress. Please check status here."),
        (Phase.INSTANCE_UPDATING, Packages.INSTALLED, "currently being updated"),
        (Phase.INSTANCE_UPDATE_FAILED, Packages.INSTALLED, "Restart it first"),
    ],
)
def test_updates_are_refused_with_the_sentence_of_the_phase(
    phase: Phase, packages: Packages, words: str
) -> None:
    assert words in (why_no_updates(phase, packages) or "")


@pytest.mark.parametrize("packages", [Packages.INSTALLED, Packages.INSTALL_FAILED])
def test_a_configured_portal_may_be_updated(packages: Packages) -> None:
    assert why_no_updates(Phase.CONFIGURED, packages) is None


def test_while_the_dynamics_365_url_is_updated_nothing_else_begins() -> None:
    now = (Phase.INSTANCE_UPDATING, Packages.INSTALLED)
    assert why_no_updates(*now) == why_no_reset(*now) == why_no_instance_update(*now) == INSTANCE_UPDATING
    assert why_no_new_packages(Phase.INSTANCE_UPDATING, Packages.INSTALL_FAILED) == INSTANCE_UPDATING
    assert why_no_new_provisioning(Phase.INSTANCE_UPDATING)
    assert why_no_new_reset(Phase.INSTANCE_UPDATING)
    assert why_no_new_instance_update(*now)


def test_an_update_of_the_dynamics_365_url_that_failed_is_restarted_or_the_portal_is_reset() -> None:
    now = (Phase.INSTANCE_UPDATE_FAILED, Packages.INSTALLED)
    assert why_no_reset(*now) is why_no_instance_update(*now) is why_no_new_instance_update(*now) is None
    installing = (Phase.INSTANCE_UPDATE_FAILED, Packages.INSTALLING)
    assert why_no_reset(*installing) == why_no_instance_update(*installing) == PACKAGES_INSTALLING
    assert why_no_new_instance_update(*installing) == PACKAGES_INSTALLING


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.INSTANCE_UPDATE_FAILED])
def test_only_a_failed_update_of_the_dynamics_365_url_is_restarted(phase: Phase) -> None:
    assert why_no_new_instance_update(phase, Packages.INSTALLED)

import pytest

from provisioning.phases import Packages, Phase, display_name, why_no_updates


@pytest.mark.parametrize(
    ("phase", "shown"),
    [
        (Phase.NOT_CONFIGURED, "Portal Add-On"),
        (Phase.CONFIGURING, "Help-Configuring"),
        (Phase.CONFIGURED, "Help"),
        (Phase.PROVISIONING_FAILED, "Help-Provisioning Failed"),
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
    ],
)
def test_updates_are_refused_with_the_sentence_of_the_phase(
    phase: Phase, packages: Packages, words: str
) -> None:
    assert words in (why_no_updates(phase, packages) or "")


@pytest.mark.parametrize("packages", [Packages.INSTALLED, Packages.INSTALL_FAILED])
def test_a_configured_portal_may_be_updated(packages: Packages) -> None:
    assert why_no_updates(Phase.CONFIGURED, packages) is None

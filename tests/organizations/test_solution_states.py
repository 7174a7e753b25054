from __future__ import annotations

import pytest

from organizations.models import SolutionInstall
from organizations.solution_states import SolutionState, state_of


@pytest.mark.parametrize(
    ("known", "installed", "shipped", "expected"),
    [
        (None, None, "9.0.1.0", SolutionState.NOT_INSTALLED),
        (None, "9.0.1.0", "9.0.1.0", SolutionState.INSTALLED),
        (None, "9.0.1.0", None, SolutionState.INSTALLED),
        (None, "9.0.0.0", "9.0.1.0", SolutionState.UPGRADE_AVAILABLE),
        (None, "9.1.0.0", "9.0.1.0", SolutionState.INSTALLED),
        ("pending", None, "9.0.1.0", SolutionState.PENDING),
        ("pending", "9.0.0.0", "9.0.1.0", SolutionState.PENDING),
        ("installing", None, "9.0.1.0", SolutionState.INSTALLING),
        ("failed", None, "9.0.1.0", SolutionState.INSTALL_FAILED),
        ("installed", "9.0.1.0", "9.0.1.0", SolutionState.INSTALLED),
        # An administrator removed it: the organization knows better than our table.
        ("installed", None, "9.0.1.0", SolutionState.NOT_INSTALLED),
    ],
)
def test_state(known: str | None, installed: str | None, shipped: str, expected: SolutionState) -> None:
    assert state_of(known=known, installed=installed, shipped=shipped) is expected


@pytest.mark.parametrize("state", SolutionState)
def test_every_state_has_words(state: SolutionState) -> None:
    assert state.words


@pytest.mark.parametrize("known", SolutionInstall.State.values)
def test_every_state_of_the_table_is_understood(known: str) -> None:
    assert state_of(known=known, installed="1.0.0.0", shipped="1.0.0.0")

"""What the solutions page says of a solution. Pure.

Source of the words: the original's "Manage your solutions".
"""

from __future__ import annotations

from enum import StrEnum

from accounts.words import N_
from organizations.packages import versions


class SolutionState(StrEnum):
    """The value is what pages carry as `data-solution-state`."""

    NOT_INSTALLED = "not-installed"
    PENDING = "pending"
    INSTALLING = "installing"
    INSTALLED = "installed"
    UPGRADE_AVAILABLE = "upgrade-available"
    INSTALL_FAILED = "install-failed"

    @property
    def words(self) -> str:
        return _WORDS[self]

    @property
    def active(self) -> bool:
        """A job has it in hand."""
        return self in (SolutionState.PENDING, SolutionState.INSTALLING)


_WORDS: dict[SolutionState, str] = {
    SolutionState.NOT_INSTALLED: N_("Not installed"),
    SolutionState.PENDING: N_("Installation pending"),
    SolutionState.INSTALLING: N_("Installing"),
    SolutionState.INSTALLED: N_("Installed"),
    SolutionState.UPGRADE_AVAILABLE: N_("Upgrade available"),
    SolutionState.INSTALL_FAILED: N_("Install Failed"),
}

# What our own table says while it has the last word: once it says "installed", the organization knows better.
_UNFINISHED: dict[str, SolutionState] = {
    "pending": SolutionState.PENDING,
    "installing": SolutionState.INSTALLING,
    "failed": SolutionState.INSTALL_FAILED,
}


def state_of(*, known: str | None, installed: str | None, shipped: str | None) -> SolutionState:
    """`known` is the state in our own table, `installed` the organization's version, `shipped` the one we bring."""
    if known in _UNFINISHED:
        return _UNFINISHED[known]
    if installed is None:
        return SolutionState.NOT_INSTALLED
    if shipped is not None and versions.older(installed, shipped):
        return SolutionState.UPGRADE_AVAILABLE
    return SolutionState.INSTALLED


_ACTIONS = {
    SolutionState.NOT_INSTALLED: "install",
    SolutionState.UPGRADE_AVAILABLE: "upgrade",
    SolutionState.INSTALL_FAILED: "retry",
}


def action_of(state: SolutionState) -> str:
    """Which of the page's buttons a solution in that state has: "install", "upgrade", "retry" or "" for none."""
    return _ACTIONS.get(state, "")

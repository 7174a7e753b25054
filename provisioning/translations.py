"""Updates of metadata translations: when they may not begin, and what they did, by language. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.words import N_
from organizations.languages import LanguageInfo, language

KIND = "update-translations"
# The mission's rule: not while the portal solutions are being installed.
SOLUTIONS_INSTALLING = N_(
    "The portal solutions are being installed, so they cannot be updated now. Please try again when the installation "
    "has ended."
)
QUESTION = N_("Do you want to update the portal solutions with the latest metadata translations?")

COUNTS = ("added", "changed", "unchanged", "kept", "skipped")


@dataclass(frozen=True)
class LanguageReport:
    """Labels of all updated solutions in one language, counted as `organizations.ports.LabelChanges` says."""

    language: LanguageInfo
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0
    skipped: int = 0

    @property
    def is_enabled(self) -> bool:
        """A language that is not enabled has all its labels skipped."""
        return not self.skipped


def report(outputs: Iterable[Mapping[str, Any]]) -> list[LanguageReport]:
    """From what the update steps of a job returned: enabled languages first, by name."""
    sums: dict[int, dict[str, int]] = {}
    for output in outputs:
        for counted in output.get("labels", ()):
            total = sums.setdefault(counted["lcid"], dict.fromkeys(COUNTS, 0))
            for name in COUNTS:
                total[name] += counted[name]
    rows = [LanguageReport(language(lcid), **total) for lcid, total in sums.items()]
    return sorted(rows, key=lambda row: (not row.is_enabled, row.language.name))

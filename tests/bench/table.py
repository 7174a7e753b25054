"""The ratios and their goals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median


class Bound(StrEnum):
    AT_MOST = "at most"
    AT_LEAST = "at least"


@dataclass(frozen=True)
class Ratio:
    """What was compared, with one ratio a round. Without a bound it only informs."""

    title: str
    rounds: Sequence[float]
    bound: Bound | None = None
    goal: float = 0.0

    @property
    def middle(self) -> float:
        return median(self.rounds)

    @property
    def is_met(self) -> bool:
        if self.bound is None:
            return True
        return self.middle <= self.goal if self.bound is Bound.AT_MOST else self.middle >= self.goal

    def line(self) -> str:
        spread = f"{min(self.rounds):.2f} to {max(self.rounds):.2f}"
        goal = f"{self.bound} {self.goal:g}" if self.bound else ""
        verdict = ("met" if self.is_met else "MISSED") if self.bound else ""
        return f"{self.title:<72}{self.middle:>7.2f}  {spread:<15}{goal:<14}{verdict}".rstrip()


HEADING = f"{'':<72}{'median':>7}  {'rounds':<15}goal"


def interleaved(
    rounds: int, first: Callable[[], float], second: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Both sides in turn, so that whatever else the machine does falls on both; who begins changes."""
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(rounds):
        if number % 2:
            theirs.append(second())
            ours.append(first())
        else:
            ours.append(first())
            theirs.append(second())
    return ours, theirs


def ratios(first: Sequence[float], second: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(first, second, strict=True)]

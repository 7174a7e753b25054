"""The bench itself: no test asserts a time, so only that it measures, and that its table says what is missed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests.bench.table import Bound, Ratio, interleaved, ratios


@pytest.mark.parametrize(
    ("bound", "goal", "met"),
    [
        (Bound.AT_MOST, 2.0, True),
        (Bound.AT_MOST, 1.9, False),
        (Bound.AT_LEAST, 2.0, True),
        (Bound.AT_LEAST, 2.1, False),
        (None, 0.0, True),
    ],
)
def test_the_median_decides(bound: Bound | None, goal: float, met: bool) -> None:
    ratio = Ratio("something", [9.0, 1.0, 2.0], bound, goal)
    assert ratio.is_met is met
    assert ("MISSED" in ratio.line()) is not met


def test_both_sides_run_in_turn_and_each_begins_once() -> None:
    order: list[str] = []

    def side(name: str, seconds: float) -> float:
        order.append(name)
        return seconds

    ours, theirs = interleaved(3, lambda: side("a", 2.0), lambda: side("b", 4.0))
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert ratios(ours, theirs) == [0.5, 0.5, 0.5]


def test_it_measures_everything_on_servers_of_its_own() -> None:
    others = ("DATABASE_URL", "REDIS_URL", "DATA_DIR", "SECRET_KEY", "ENCRYPTION_KEYS")
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--small"],
        cwd=settings.BASE_DIR,
        env={name: value for name, value in os.environ.items() if name not in others},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    for words in (
        "a claim beside",
        "a reconciler's pass beside",
        "in no-op tasks of Celery",
        "the last page of",
        "an unchanged poll of a job",
        "one more language of a solution",
        "contacts of an account, by name",
        "handshakes a processor second",
    ):
        assert words in run.stdout

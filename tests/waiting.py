"""Waiting for a condition, with a deadline; tests never sleep for a time that somebody guessed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T | None], *, seconds: float = 20.0, what: str = "the condition") -> T:
    """The condition's first true value. Raises AssertionError when the time is over."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(0.02)
    return value

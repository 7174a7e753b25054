"""When certificates end, and when somebody is told. Pure.

Public certificates last 200 days at most, 100 from March 2027, 47 from March 2029, so a fixed month would warn all the
time: the first warning comes 30 days before the end, or when a third of the lifetime is left if that is later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

FIRST = timedelta(days=30)
THEN = (14, 7, 3, 1, 0)  # days left
_DAY = timedelta(days=1)


class Dated(Protocol):
    """What has a beginning and an end; `ends_at` is the earliest end of its chain."""

    not_before: datetime
    not_after: datetime
    ends_at: datetime


class State(StrEnum):
    VALID = "valid"
    ENDING = "ending"  # the first warning is due
    EXPIRED = "expired"


@dataclass(frozen=True)
class Standing:
    """`days`: whole days left, `days_over`: whole days since it ended, 0 for what does not apply. `by_chain`: an
    intermediate ends before the certificate.
    """

    state: State
    days: int
    days_over: int
    by_chain: bool


def standing(certificate: Dated, now: datetime) -> Standing:
    """How it stands with a certificate now."""
    left = certificate.ends_at - now
    state = State.VALID
    if left <= timedelta():
        state = State.EXPIRED
    elif left <= first_warning(certificate):
        state = State.ENDING
    days, over = max(left // _DAY, 0), max(-left // _DAY, 0)
    return Standing(state, days, over, certificate.ends_at < certificate.not_after)


def first_warning(certificate: Dated) -> timedelta:
    """How long before the end the first warning is due: 30 days, or a third of the lifetime if that is less."""
    return min(FIRST, (certificate.not_after - certificate.not_before) / 3)


def due(certificate: Dated, now: datetime) -> int | None:
    """The threshold that is reached: the days of the first warning, 14, 7, 3, 1, 0, and -1, -2, … for each day after.

    None when no warning is due. Of thresholds that were passed unseen, only the last one counts.
    """
    left = certificate.ends_at - now
    first = first_warning(certificate)
    if left > first:
        return None
    if left <= -_DAY:
        return -(-left // _DAY)
    days = [day for day in THEN if day < first / _DAY]
    return min([first // _DAY, *(day for day in days if left <= timedelta(days=day))])

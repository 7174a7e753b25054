"""Times and numbers as the reader's language writes them. Times are shown in UTC, and say so."""

from __future__ import annotations

from datetime import UTC, datetime

from babel import dates, numbers
from django.utils.translation import get_language, gettext


def moment(value: datetime) -> str:
    """Date and time, to the second."""
    shown = dates.format_datetime(value, "medium", tzinfo=UTC, locale=_locale())
    return gettext("%(time)s UTC") % {"time": shown}


def day(value: datetime) -> str:
    """The date only."""
    return dates.format_date(value.astimezone(UTC), "medium", locale=_locale())


def clock(value: datetime) -> str:
    """The time of the day, to the second, without "UTC"."""
    return dates.format_time(value, "medium", tzinfo=UTC, locale=_locale())


def number(value: float) -> str:
    """With the separators of the language, and at most three digits behind its decimal sign."""
    return numbers.format_decimal(value, locale=_locale())


def seconds(value: float) -> str:
    """A duration in seconds, to a tenth."""
    return gettext("%(number)s s") % {"number": numbers.format_decimal(value, "#,##0.0", locale=_locale())}


def _locale() -> str:
    return get_language() or "en"

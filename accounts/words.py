"""Sentences that are written where Django is not known, and translated where they are shown. Pure."""

from __future__ import annotations


def N_(text: str) -> str:
    """Marks a text for the catalogs (see `manage.py messages`); it stays English until it is shown."""
    return text


class Refusal(Exception):
    """A rule that says no in one sentence. As a string it is English; `accounts.language.spoken` translates it."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template % values)
        self.template = template
        self.values = values

"""The words of a portal's frame, by language. Pure; they are in words.toml beside this file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("words.toml")
_FALLBACK = "en"


@dataclass(frozen=True)
class Words:
    """Words of one language; `tag` is its BCP 47 tag."""

    tag: str
    skip: str
    navigation: str
    menu: str
    breadcrumb: str
    footer: str
    language: str
    not_found_title: str
    not_found_copy: str
    home: str
    off_title: str
    off_copy: str
    unavailable_title: str
    unavailable_copy: str


def words(tag: str) -> Words:
    """Words of the language with that BCP 47 tag ("pt-BR"), whatever its region; English if we have none."""
    known = all_words()
    return known.get(tag.partition("-")[0].lower(), known[_FALLBACK])


@cache
def all_words() -> dict[str, Words]:
    """Words by language. Raises TypeError for a language that lacks one, or has one too many."""
    languages = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {tag: Words(tag=tag, **texts) for tag, texts in languages.items()}

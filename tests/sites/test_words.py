from __future__ import annotations

from dataclasses import astuple

import pytest

from sites.words import all_words, words


def test_every_language_says_everything() -> None:
    for said in all_words().values():
        assert all(text.strip() for text in astuple(said))


@pytest.mark.parametrize("tag", ["en", "de", "fr", "es", "pt", "it", "nl", "ja"])
def test_the_languages_of_the_sample_data_are_spoken(tag: str) -> None:
    assert words(tag).tag == tag


@pytest.mark.parametrize(
    ("tag", "spoken"), [("pt-BR", "pt"), ("de-AT", "de"), ("pl-PL", "en"), ("und", "en")]
)
def test_the_region_makes_no_difference_and_english_is_the_last_resort(tag: str, spoken: str) -> None:
    assert words(tag).tag == spoken

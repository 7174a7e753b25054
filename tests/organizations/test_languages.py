from __future__ import annotations

import pytest

from organizations.languages import for_portals, language


@pytest.mark.parametrize(
    ("lcid", "tag", "name", "native_name", "direction"),
    [
        (1033, "en-US", "English (United States)", "English (United States)", "ltr"),
        (1031, "de-DE", "German (Germany)", "Deutsch (Deutschland)", "ltr"),
        (1036, "fr-FR", "French (France)", "Français (France)", "ltr"),
        (1046, "pt-BR", "Portuguese (Brazil)", "Português (Brasil)", "ltr"),
        (1041, "ja-JP", "Japanese (Japan)", "日本語 (日本)", "ltr"),
        (1037, "he-IL", "Hebrew (Israel)", "עברית (ישראל)", "rtl"),
        (3098, "sr-Cyrl-RS", "Serbian (Cyrillic, Serbia)", "Српски (ћирилица, Србија)", "ltr"),
        (2074, "sr-Latn-RS", "Serbian (Latin, Serbia)", "Srpski (latinica, Srbija)", "ltr"),
    ],
)
def test_a_language_is_known(lcid: int, tag: str, name: str, native_name: str, direction: str) -> None:
    found = language(lcid)
    assert (found.tag, found.name, found.native_name, found.direction) == (tag, name, native_name, direction)


@pytest.mark.parametrize("lcid", [0, 4, 9999])
def test_a_number_that_is_no_language_names_itself(lcid: int) -> None:
    assert (language(lcid).name, language(lcid).tag) == (f"Language {lcid}", "und")


def test_portals_are_offered_neither_arabic_nor_hebrew() -> None:
    assert [info.lcid for info in for_portals([1037, 1033, 1025, 1031])] == [1033, 1031]

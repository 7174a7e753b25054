from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from sites.colours import TEXT, Colour, contrast, parse
from sites.theme import DARK_SURFACE, FONTS, LIGHT_SURFACE, style_sheet

PARTS = st.integers(0, 255)
COLOURS = st.builds(Colour, PARTS, PARTS, PARTS)


def properties(css: str) -> tuple[dict[str, str], dict[str, str]]:
    """Custom properties of the light and of the dark block."""
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    read = re.compile(r"--portal-([a-z-]+): ([^;]+);")
    return dict(read.findall(light)), dict(read.findall(dark))


def colour(text: str) -> Colour:
    parsed = parse(text)
    assert parsed is not None
    return parsed


def test_the_colours_of_the_settings_are_used() -> None:
    light, dark = properties(style_sheet({"Theme/PrimaryColor": "#123456", "Theme/AccentColor": "#600"}))
    assert light["primary"] == dark["primary"] == "#123456"
    assert light["accent"] == "#660000"


@pytest.mark.parametrize(
    "value",
    ["", "blue", "#12345", "#fff}body{background:url(//evil.example)}", "</style><script>alert(1)</script>"],
)
def test_a_setting_that_is_no_colour_counts_as_not_set(value: str) -> None:
    assert style_sheet({"Theme/PrimaryColor": value, "Theme/AccentColor": value}) == style_sheet({})


def test_a_face_is_chosen_by_its_name_only() -> None:
    assert f"--portal-font: {FONTS['serif']};" in style_sheet({"Theme/FontFamily": " Serif "})
    assert style_sheet({"Theme/FontFamily": "x; } body { display: none"}) == style_sheet({})


@given(COLOURS, COLOURS)
def test_text_keeps_its_contrast_whatever_the_colours_are(primary: Colour, accent: Colour) -> None:
    css = style_sheet({"Theme/PrimaryColor": str(primary), "Theme/AccentColor": str(accent)})
    for shown, surface in zip(properties(css), (LIGHT_SURFACE, DARK_SURFACE), strict=True):
        ink = colour(shown["ink"])
        assert contrast(ink, colour(shown["primary"])) >= TEXT
        assert contrast(ink, colour(shown["deep"])) >= TEXT
        for name in ("link", "link-hover", "accent"):
            assert contrast(colour(shown[name]), surface) >= TEXT
        assert contrast(colour(shown["link"]), colour(shown["tint"])) >= TEXT


def test_the_style_sheet_of_all_portals_begins_with_the_same_defaults() -> None:
    css = (Path(settings.BASE_DIR) / "static" / "sites" / "portal.css").read_text(encoding="utf-8")
    assert style_sheet({}) in css

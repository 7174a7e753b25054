from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sites.colours import BLACK, TEXT, WHITE, Colour, contrast, luminance, mix, parse, readable_on, text_on

PARTS = st.integers(0, 255)
COLOURS = st.builds(Colour, PARTS, PARTS, PARTS)


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#0b5cad", Colour(0x0B, 0x5C, 0xAD)),
        ("#0B5CAD", Colour(0x0B, 0x5C, 0xAD)),
        ("#0bd", Colour(0x00, 0xBB, 0xDD)),
        ("  #fff\n", WHITE),
    ],
)
def test_a_colour_is_read(text: str, colour: Colour) -> None:
    assert parse(text) == colour


@pytest.mark.parametrize(
    "text",
    [
        "",
        "red",
        "0b5cad",
        "#0b5ca",
        "#0b5cadff",
        "#ggg",
        "#٠٠٠",
        "rgb(0, 0, 0)",
        "#fff;}body{display:none",
        "#fff\n#fff",
        "url(https://evil.example)",
        "var(--x)",
        "expression(alert(1))",
    ],
)
def test_everything_else_is_no_colour(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        # As the examples of WCAG and its tools have them.
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    first, second = parse(one), parse(other)
    assert first is not None
    assert second is not None
    assert contrast(first, second) == pytest.approx(ratio, abs=0.005)
    assert contrast(second, first) == contrast(first, second)


@pytest.mark.parametrize(
    ("background", "text"),
    [("#0b5cad", WHITE), ("#ffeb3b", BLACK), ("#767676", WHITE), ("#777777", BLACK), ("#000", WHITE)],
)
def test_text_is_white_where_that_can_be_read(background: str, text: Colour) -> None:
    colour = parse(background)
    assert colour is not None
    assert text_on(colour) == text


@given(COLOURS)
def test_text_can_be_read_on_any_colour(background: Colour) -> None:
    assert contrast(text_on(background), background) >= TEXT


@given(COLOURS, COLOURS)
def test_any_colour_is_made_readable_on_any_background(colour: Colour, background: Colour) -> None:
    assert contrast(readable_on(colour, background), background) >= TEXT


@given(COLOURS)
def test_a_colour_that_can_be_read_stays_as_it_is(background: Colour) -> None:
    ink = text_on(background)
    assert readable_on(ink, background) == ink


@given(COLOURS, COLOURS)
def test_mixing_goes_from_the_one_to_the_other(one: Colour, other: Colour) -> None:
    assert mix(one, other, 0) == one
    assert mix(one, other, 1) == other


@given(COLOURS)
def test_a_colour_survives_being_written_and_read(colour: Colour) -> None:
    assert parse(str(colour)) == colour
    assert 0 <= luminance(colour) <= 1

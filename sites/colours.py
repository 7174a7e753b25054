"""Colours as an administrator writes them, and what can be read on them. Pure; formulas of WCAG 2.2."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Contrast that text needs (WCAG 1.4.3).
TEXT = 4.5

_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


@dataclass(frozen=True)
class Colour:
    """An opaque colour of sRGB; each part is 0–255."""

    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


BLACK = Colour(0, 0, 0)
WHITE = Colour(255, 255, 255)


def parse(text: str) -> Colour | None:
    """The colour of "#0b5cad" or "#0bd"; None for everything else, since it goes into a style sheet."""
    text = text.strip()
    if not _HEX.fullmatch(text):
        return None
    digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
    return Colour(*bytes.fromhex(digits))


def luminance(colour: Colour) -> float:
    """Relative luminance, from 0 (black) to 1 (white)."""

    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio, from 1 to 21, in either order."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with a share (0–1) of `other` in it."""

    def part(a: int, b: int) -> int:
        return round(a + (b - a) * share)

    return Colour(part(colour.red, other.red), part(colour.green, other.green), part(colour.blue, other.blue))


def text_on(background: Colour) -> Colour:
    """White where it can be read, else black, which then can: one of the two always reaches 4.5."""
    return WHITE if contrast(WHITE, background) >= TEXT else BLACK


def readable_on(colour: Colour, background: Colour, ratio: float = TEXT) -> Colour:
    """The colour, made darker or lighter by no more than is needed for that contrast on the background.

    A ratio beyond what even black and white reach gives the better one of the two.
    """
    towards = max((BLACK, WHITE), key=lambda end: contrast(end, background))
    for percent in range(101):
        mixed = mix(colour, towards, percent / 100)
        if contrast(mixed, background) >= ratio:
            return mixed
    return towards

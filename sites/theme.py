"""A portal's looks: from its site settings to a style sheet of CSS custom properties. Pure.

Only what is understood gets into the style sheet, so no setting can carry CSS of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from sites.colours import BLACK, WHITE, Colour, mix, parse, readable_on, text_on

PRIMARY = Colour(0x0B, 0x5C, 0xAD)
ACCENT = Colour(0x0F, 0x76, 0x6E)

# What lies under text in portal.css: the darkest of the light surfaces, the lightest of the dark ones.
LIGHT_SURFACE = Colour(0xF1, 0xF4, 0xF8)
DARK_SURFACE = Colour(0x1E, 0x26, 0x32)

# Faces that computers have; a portal loads no font from elsewhere.
FONTS = {
    "sans": 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif',
    "serif": 'Charter, "Bitstream Charter", "Sitka Text", Cambria, "Noto Serif", Georgia, serif',
    "humanist": 'Seravek, "Gill Sans Nova", Ubuntu, Calibri, "DejaVu Sans", "Noto Sans", sans-serif',
}


def style_sheet(settings: Mapping[str, str]) -> str:
    """CSS for "Theme/PrimaryColor", "Theme/AccentColor" (#rgb or #rrggbb) and "Theme/FontFamily" (a key of FONTS).

    A setting that is missing or not understood counts as not set. Whatever the colours are, text set in them or
    on them keeps a contrast of 4.5.
    """
    primary = parse(settings.get("Theme/PrimaryColor", "")) or PRIMARY
    accent = parse(settings.get("Theme/AccentColor", "")) or ACCENT
    font = FONTS.get(settings.get("Theme/FontFamily", "").strip().lower(), FONTS["sans"])
    light = _properties(primary, accent, surface=LIGHT_SURFACE, tint=WHITE)
    dark = _properties(primary, accent, surface=DARK_SURFACE, tint=DARK_SURFACE)
    return (
        f":root {{\n{_lines(light, '  ')}  --portal-font: {font};\n}}\n"
        f"@media (prefers-color-scheme: dark) {{\n  :root {{\n{_lines(dark, '    ')}  }}\n}}\n"
    )


def _properties(primary: Colour, accent: Colour, *, surface: Colour, tint: Colour) -> dict[str, str]:
    ink = text_on(primary)
    # The far end of the hero's gradient goes away from its text, so that the contrast only grows.
    deep = mix(primary, BLACK if ink is WHITE else WHITE, 0.35)
    soft = mix(primary, tint, 0.9)
    link = _readable(primary, surface, soft)
    return {
        "primary": str(primary),
        "deep": str(deep),
        "ink": str(ink),
        "link": str(link),
        # Bootstrap wants the parts, to lay its own opacity over them.
        "link-rgb": f"{link.red}, {link.green}, {link.blue}",
        "link-hover": str(readable_on(link, surface, 7)),
        "tint": str(soft),
        "accent": str(_readable(accent, surface, soft)),
    }


def _readable(colour: Colour, *backgrounds: Colour) -> Colour:
    """Readable on each; they are alike enough that what helps on one helps on the other."""
    for background in backgrounds:
        colour = readable_on(colour, background)
    return colour


def _lines(properties: Mapping[str, str], indent: str) -> str:
    return "".join(f"{indent}--portal-{name}: {value};\n" for name, value in properties.items())

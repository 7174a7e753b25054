"""The words of the admin center in other languages: found in the code, kept in locale/, compiled into DATA_DIR."""

from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "locale"


def source(language: str) -> Path:
    """The file that translators edit."""
    return SOURCES / language / "LC_MESSAGES" / "django.po"

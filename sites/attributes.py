"""Values of a record, as the pages want them: what is missing or of another type becomes empty. Pure."""

from __future__ import annotations

from uuid import UUID

from organizations.ports import Record


def text(record: Record, name: str) -> str:
    """The attribute without white space around it, "" if it is no text."""
    value = record.attributes.get(name)
    return value.strip() if isinstance(value, str) else ""


def reference(record: Record, name: str) -> UUID | None:
    """The id of another record, None if there is none or it is no id."""
    try:
        return UUID(text(record, name))
    except ValueError:
        return None


def order(record: Record) -> tuple[float, str]:
    """Sorts by `adx_displayorder`, those without one last, and by id where that does not decide."""
    value = record.attributes.get("adx_displayorder")
    return (float(value) if isinstance(value, int | float) else float("inf"), str(record.id))

"""Pieces that every page is made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, Select
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from accounts import formats
from organizations.languages import LanguageInfo

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """One sign of our sprite; it says nothing to screen readers, the text beside it does."""
    return format_html(
        '<svg class="icon icon-{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        name,
        static("shell/icons.svg"),
        name,
    )


@register.filter
def moment(value: datetime) -> SafeString:
    """Date and time in the reader's way of writing, with UTC named."""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.moment(value))


@register.filter
def clock(value: datetime) -> str:
    """The time of the day; the sentence around it names UTC."""
    return formats.clock(value)


@register.filter
def day(value: datetime) -> SafeString:
    """The date in UTC."""
    return format_html('<time datetime="{}">{}</time>', value.date().isoformat(), formats.day(value))


@register.filter
def seconds(value: float) -> str:
    """A duration."""
    return formats.seconds(value)


@register.filter
def number(value: float) -> str:
    """A number for people, with the separators of their language."""
    return formats.number(value)


@register.filter
def name_here(language: LanguageInfo) -> str:
    """The name of a language in the language of this page."""
    return language.name_in(get_language() or "en")


@register.inclusion_tag("shell/field.html")
def field(bound: BoundField, help: str = "", suffix: str = "", label: str = "") -> dict[str, Any]:
    """A field with its label, help and errors, tied together for screen readers; errors carry their code.

    For single controls; a group of radio buttons wants a fieldset.
    """
    widget = bound.field.widget
    errors = [
        {"code": problem.code or "invalid", "message": message}
        for problem in bound.form.errors.as_data().get(bound.name, [])
        for message in problem.messages
    ]
    style = "form-control"
    if isinstance(widget, Select):
        style = "form-select"
    elif isinstance(widget, CheckboxInput):
        style = "form-check-input"
    attributes: dict[str, str | bool] = {"class": style + (" is-invalid" if errors else "")}
    described = [f"{bound.id_for_label}-help"] * bool(help) + [f"{bound.id_for_label}-error"] * bool(errors)
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if errors:
        attributes["aria-invalid"] = "true"
    if bound.field.required:
        attributes["required"] = "required"
    return {
        "field": bound,
        "control": bound.as_widget(attrs=attributes),
        "errors": errors,
        "help": help,
        "suffix": suffix,
        "label": label or bound.label,
        "is_check": isinstance(widget, CheckboxInput),
    }

"""Query options: `$select`, `$filter`, `$orderby`, `$top`, `$expand`, `$count`, `$skiptoken`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from organizations.facade.odata import filters
from organizations.facade.odata.faults import bad_query

MAX_EXPANDED = 15  # Dataverse's own limit
MAX_NAMES = 500
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_KNOWN = frozenset({"$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken", "$format"})


@dataclass(frozen=True)
class Expand:
    """A navigation property to follow, with options of its own; `query` is how they were written."""

    name: str
    options: Options
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    """`select` None means all; `order` holds (name, descending)."""

    select: tuple[str, ...] | None = None
    filter: filters.Node | None = None
    order: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    expand: tuple[Expand, ...] = ()
    count: bool = False
    skip_token: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)


def parse(query: Mapping[str, str], *, nested: bool = False) -> Options:
    """Raises Fault for an option that is unknown, or that makes no sense."""
    for name in query:
        if name.startswith("$") and name not in _KNOWN:
            raise bad_query(f"The query parameter {name[:40]} is not supported.")
    return Options(
        select=_select(query.get("$select")),
        filter=filters.parse(query["$filter"]) if query.get("$filter", "").strip() else None,
        order=_order(query.get("$orderby", "")),
        top=_top(query.get("$top")),
        expand=_expand(query.get("$expand", ""), nested=nested),
        count=_flag(query.get("$count", "false")),
        skip_token=query.get("$skiptoken", ""),
        aliases={name: value for name, value in query.items() if name.startswith("@")},
    )


def _select(text: str | None) -> tuple[str, ...] | None:
    if text is None or not text.strip():
        return None
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if len(names) > MAX_NAMES:
        raise bad_query(f"$select names more than {MAX_NAMES} properties.")
    return None if "*" in names else names


def _order(text: str) -> tuple[tuple[str, bool], ...]:
    order = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        words = part.split()
        if len(words) > 2 or not _NAME.fullmatch(words[0]) or words[1:] not in ([], ["asc"], ["desc"]):
            raise bad_query(f"Syntax error in $orderby: '{part[:60]}'.")
        order.append((words[0], words[1:] == ["desc"]))
    if len(order) > 20:
        raise bad_query("$orderby names more than 20 properties.")
    return tuple(order)


def _top(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII):
        raise bad_query(f"Invalid value '{text[:40]}' for $top query option found.")
    return int(text)


def _flag(text: str) -> bool:
    if text.strip().lower() not in ("true", "false"):
        raise bad_query(f"Invalid value '{text[:40]}' for $count query option found.")
    return text.strip().lower() == "true"


def _expand(text: str, *, nested: bool) -> tuple[Expand, ...]:
    parts = [part.strip() for part in outside(text, ",") if part.strip()]
    if len(parts) > MAX_EXPANDED:
        raise bad_query(f"$expand names more than {MAX_EXPANDED} properties.")
    if parts and nested:
        raise bad_query("An expanded property cannot be expanded further.")
    return tuple(_expanded(part) for part in parts)


def _expanded(part: str) -> Expand:
    name, opening, inside = part.partition("(")
    if not _NAME.fullmatch(name.strip()) or (opening and not inside.rstrip().endswith(")")):
        raise bad_query(f"Syntax error in $expand: '{part[:60]}'.")
    query: dict[str, str] = {}
    for option in outside(inside.rstrip()[:-1], ";") if opening else ():
        key, equals, value = option.partition("=")
        if equals:
            query[key.strip()] = value
        elif option.strip():
            raise bad_query(f"Syntax error in $expand: '{option[:60]}'.")
    return Expand(name.strip(), parse(query, nested=True), query)


def outside(text: str, separator: str) -> list[str]:
    """Split where neither quotation marks nor parentheses are open."""
    parts: list[str] = []
    depth, quoted, start = 0, False, 0
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(character, 0)
            if character == separator and depth == 0:
                parts.append(text[start:position])
                start = position + 1
    return [*parts, text[start:]]

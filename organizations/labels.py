"""Labels of an embedded organization for the people who change them: what each is called in a language, layer by layer.

What a person writes lies in the unmanaged layer, above those of all solutions; taking it away is how it is undone.
"""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.words import N_, Refusal
from organizations import trail
from organizations.models import Instance, Label
from organizations.packages.reader import MAX_LABEL_LENGTH

PAGE = 25
LONGEST = 200  # characters of what somebody types to search

Key = tuple[str, str]  # component, column


class BadLabel(Refusal):
    """A text that cannot be a label, or a label that does not exist."""


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for: labels in one language (LCID) that hold `q`, behind the key `after`.

    `own`: only those that a person changed in that language.
    """

    lcid: int
    q: str = ""
    own: bool = False
    after: Key | None = None

    def query_string(self, *, after: Key | None = None) -> str:
        """As an address says it, on the page behind that key."""
        said = {"language": self.lcid, "q": self.q, "own": "1" if self.own else ""}
        said["after"] = json.dumps(after) if after else ""
        return urlencode({name: value for name, value in said.items() if value})


@dataclass(frozen=True)
class LayerText:
    """A text in one layer; `solution` is "" for what people wrote."""

    solution: str
    text: str


@dataclass(frozen=True)
class LabelRow:
    """One label in one language: its layers from the top, and what it is called in the base language."""

    component: str
    column: str
    layers: tuple[LayerText, ...]
    in_base: str

    @property
    def text(self) -> str:
        """The text that wins; "" where there is none in the language."""
        return self.layers[0].text if self.layers else ""

    @property
    def is_own(self) -> bool:
        return bool(self.layers) and not self.layers[0].solution


@dataclass(frozen=True)
class Page:
    """Labels in the order of their keys; `next` is the key after which the next page begins, None on the last one."""

    rows: list[LabelRow]
    next: Key | None


def asked(values: dict[str, str], *, enabled: Iterable[int], base: int) -> Asked:
    """From a query string, which may hold anything."""
    lcid = values.get("language", "")
    return Asked(
        lcid=next((known for known in enabled if str(known) == lcid), base),
        q=" ".join(values.get("q", "").split())[:LONGEST],
        own=values.get("own") == "1",
        after=_key(values.get("after", "")),
    )


def _key(text: str) -> Key | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list) and len(found) == 2 and all(map(_is_key, found)):
        return found[0][:200], found[1][:100]
    return None


def _is_key(part: object) -> bool:
    """JSON can hold what no database compares: the character NUL, and halves of others."""
    return isinstance(part, str) and part.isprintable()


def page(instance: Instance, asked: Asked) -> Page:
    """Two queries, however many labels there are."""
    keys = list(_keys(instance.id, asked)[: PAGE + 1])
    shown = keys[:PAGE]
    return Page(_rows(instance, asked.lcid, shown), shown[-1] if len(keys) > PAGE else None)


def _keys(instance_id: UUID, asked: Asked) -> QuerySet[Label, Key]:
    rows = Label.objects.filter(instance=instance_id)
    if asked.own:
        rows = rows.filter(solution=None, lcid=asked.lcid)
    if asked.q:
        rows = rows.filter(
            Q(text__icontains=asked.q) | Q(component__icontains=asked.q) | Q(column__icontains=asked.q)
        )
    if asked.after:
        component, column = asked.after
        rows = rows.filter(Q(component__gte=component), ~Q(component=component, column__lte=column))
    return rows.order_by("component", "column").values_list("component", "column").distinct()


def _rows(instance: Instance, lcid: int, keys: list[Key]) -> list[LabelRow]:
    found = Label.objects.filter(
        instance=instance,
        component__in={component for component, _ in keys},
        column__in={column for _, column in keys},
        lcid__in={lcid, instance.base_language},
    )
    # From the top layer down.
    down = found.order_by(F("solution__layer").desc(nulls_first=True))
    texts: dict[tuple[str, str, int], list[LayerText]] = defaultdict(list)
    for component, column, spoken, name, text in down.values_list(
        "component", "column", "lcid", "solution__friendly_name", "text"
    ):
        texts[component, column, spoken].append(LayerText(name or "", text))
    rows = []
    for component, column in keys:
        in_base = texts[component, column, instance.base_language]
        layers = tuple(texts[component, column, lcid])
        rows.append(LabelRow(component, column, layers, in_base[0].text if in_base else ""))
    return rows


@transaction.atomic
def write(
    *, instance: Instance, component: str, column: str, lcid: int, text: str, enabled: Iterable[int]
) -> None:
    """A person's own text, above those of all solutions. Raises BadLabel."""
    clean = unicodedata.normalize("NFC", " ".join(text.split()))
    if not clean:
        raise BadLabel(N_("A label needs a text. Remove your own text to have the solution’s again."))
    if len(clean) > MAX_LABEL_LENGTH:
        raise BadLabel(N_("A label has at most %(limit)s characters."), limit=MAX_LABEL_LENGTH)
    if not clean.isprintable():
        raise BadLabel(N_("A label cannot hold control characters."))
    if lcid not in enabled:
        raise BadLabel(N_("This language is not enabled in the organization."))
    if not Label.objects.filter(instance=instance, component=component, column=column).exists():
        raise BadLabel(N_("There is no such label in the organization."))
    Label.objects.bulk_create(
        [Label(instance=instance, component=component, column=column, lcid=lcid, text=clean)],
        update_conflicts=True,
        unique_fields=["instance", "component", "column", "lcid", "solution"],
        update_fields=["text"],
    )
    trail.label(instance, component=component, column=column, lcid=lcid, text=clean)


@transaction.atomic
def remove(*, instance: Instance, component: str, column: str, lcid: int) -> bool:
    """Take a person's own text away, so that the topmost solution's shows again; False if there was none."""
    own = Label.objects.filter(
        instance=instance, solution=None, component=component, column=column, lcid=lcid
    )
    removed = own.delete()[0] > 0
    if removed:
        trail.label(instance, component=component, column=column, lcid=lcid, text=None)
    return removed

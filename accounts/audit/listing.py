"""The trail as its page asks for it: filters, newest first, one page at a time.

Every filter has an index that is in the page's order, or (the words) one over what is searched, so that a page of a
hundred thousand records costs about what one of a hundred costs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext

from accounts import keyset, parameters
from accounts.audit import subjects
from accounts.audit.verbs import RESULT_WORDS, WORDS, Result, Verb
from accounts.keyset import ID, Key, Order
from accounts.models import AuditRecord

PAGE = 50
LONGEST = 200  # characters of what somebody types

NEWEST = Order("newest", (Key("at", datetime), ID), descending=True)
# As the index of migration 0003 has it.
_WORDS = """accounts_audit_words(
    accounts_auditrecord.actor || ' ' || accounts_auditrecord.login,
    accounts_auditrecord.subject_name || ' ' || accounts_auditrecord.subject_id || ' '
        || accounts_auditrecord.about_id || ' ' || accounts_auditrecord.error_id || ' ' || accounts_auditrecord.code
        || ' ' || coalesce(host(accounts_auditrecord.address), '')) @@ accounts_audit_wanted(%s, %s)"""
_OF_PERSON = "@"


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for; what makes no sense is not asked. Days are in UTC, both included."""

    q: str = ""
    person: str = ""
    verb: str = ""
    result: str = ""
    kind: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""
    error: str = ""
    after: str = ""

    @classmethod
    def from_query(cls, values: Mapping[str, str]) -> Asked:
        """From the query string, which may hold anything."""
        return cls(
            q=parameters.text(values.get("q", ""), LONGEST),
            person=parameters.text(values.get("person", ""), LONGEST),
            verb=parameters.one_of(values.get("verb", ""), set(Verb)),
            result=parameters.one_of(values.get("result", ""), set(Result)),
            kind=parameters.one_of(values.get("kind", ""), subjects.kinds()),
            subject=parameters.text(values.get("subject", ""), LONGEST)[:64],
            since=_day(values.get("since", "")),
            until=_day(values.get("until", "")),
            error=parameters.text(values.get("error", ""), LONGEST),
            after=values.get("after", "")[: keyset.LONGEST_CURSOR + 1],
        )

    @property
    def is_filtered(self) -> bool:
        return any(value for name, value in asdict(self).items() if name != "after")

    def query_string(self, **changes: str) -> str:
        """As an address says it, with these changes."""
        return urlencode({n: v for n, v in asdict(replace(self, **changes)).items() if v})


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return ""


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)


def records(asked: Asked) -> QuerySet[AuditRecord]:
    """Those that answer the question, in no order."""
    rows = AuditRecord.objects.all()
    for name, field in (("verb", "verb"), ("result", "result"), ("kind", "subject_kind")):
        if value := getattr(asked, name):
            rows = rows.filter(**{field: value})
    if asked.subject:
        rows = rows.filter(Q(about_id=asked.subject) | Q(subject_id=asked.subject))
    if asked.error:
        rows = rows.filter(error_id=asked.error.upper()).exclude(error_id="")
    if asked.since:
        rows = rows.filter(at__gte=_midnight(asked.since))
    if asked.until and asked.until < date.max.isoformat():
        rows = rows.filter(at__lt=_midnight(asked.until) + timedelta(days=1))
    for mark, typed in ((_OF_PERSON, asked.person), ("", asked.q)):
        if _has_words(typed):
            rows = rows.filter(RawSQL(_WORDS, (mark, typed), BooleanField()))  # noqa: S611 - a constant
    return rows


def _has_words(text: str) -> bool:
    """A comma alone is no word, so it asks for nothing."""
    return any(character.isalnum() for character in text)


@dataclass(frozen=True)
class Change:
    """One value, before and after; None where there was none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Row:
    """A record as the page shows it."""

    record: AuditRecord
    kind: str
    url: str
    changes: list[Change]

    @property
    def few(self) -> list[Change]:
        """What fits into the row."""
        return self.changes[:3]

    @property
    def more(self) -> list[Change]:
        return self.changes[3:]


@dataclass(frozen=True)
class Listing:
    """One page. `name` is the thing's whose trail is shown, if one of its records on the page tells."""

    asked: Asked
    rows: list[Row]
    page: keyset.Page[AuditRecord]
    name: str


def listing(asked: Asked) -> Listing:
    """One query; two when a cursor leads to where nothing is left."""
    page = keyset.page(records(asked), NEWEST, cursor=asked.after, size=PAGE)
    named = (row.subject_name for row in page.rows if row.subject_id == asked.subject and row.subject_name)
    return Listing(
        asked, [_row(record) for record in page.rows], page, next(named, "") if asked.subject else ""
    )


def in_order(asked: Asked) -> QuerySet[AuditRecord]:
    """All records that answer the question, newest first, for exports."""
    return NEWEST.applied(records(asked))


def _row(record: AuditRecord) -> Row:
    return Row(
        record,
        kind_words(record.subject_kind),
        subjects.url_of(record.subject_kind, record.subject_id),
        list(_changes(record.before, record.after)),
    )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in {**before, **after}:
        old = _shown(before[name]) if name in before else None
        new = _shown(after[name]) if name in after else None
        yield Change(name.replace("_", " "), old, new)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value or "—"
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ", ".join(value) or "—"
    return "—" if value is None else json.dumps(value, ensure_ascii=False)


def kind_words(kind: str) -> str:
    """What a kind of thing is called."""
    known = subjects.kinds().get(kind)
    return gettext(known.title) if known else kind


def verbs() -> list[tuple[str, str]]:
    """Every verb with its words, to filter by."""
    return sorted(((verb.value, gettext(WORDS[verb])) for verb in Verb), key=lambda pair: pair[1].casefold())


def results() -> list[tuple[str, str]]:
    """Every result with its words, to filter by."""
    return [(result.value, gettext(RESULT_WORDS[result])) for result in Result]


def kinds() -> list[tuple[str, str]]:
    """Every kind of thing with its words, to filter by."""
    return sorted(
        ((name, kind_words(name)) for name in subjects.kinds()), key=lambda pair: pair[1].casefold()
    )

"""What an organization costs: imports of a large solution, and a filtered page among very many records.

`python -m tests.bench.organizations` prints the table alone; with `--json` the ratios for `tests.bench`, with `--small`
a short run, with `plans` what PostgreSQL makes of the page.
"""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import django
from django.db import connection

from tests.bench import servers
from tests.bench.table import HEADING, Bound, Ratio, interleaved, ratios

if TYPE_CHECKING:
    from organizations.models import Instance
    from organizations.ports import Query

LANGUAGES = (1033, 1031, 1036, 3082, 1046, 1040, 1043, 1041)
ONE_MORE = LANGUAGES[-1]
PAGE = 50


@dataclass(frozen=True)
class Size:
    """How much of everything. A solution has `labels` in all languages together."""

    labels: int = 20_000
    few: int = 1_000
    many: int = 1_000_000
    rounds: int = 5
    pages: int = 20


SMALL = Size(labels=200, few=480, many=960, rounds=1, pages=2)

_FILL = """
INSERT INTO organizations_record (instance_id, entity, record_id, attributes, version, created_at, modified_at)
SELECT %(instance)s, 'contact', gen_random_uuid(), jsonb_build_object(
    'fullname', 'Person ' || lpad((n::bigint * 7919 %% %(count)s)::text, 8, '0'), 'jobtitle', 'Title ' || n %% 100,
    'parentcustomerid', 'account ' || n %% (%(count)s / 60), 'emailaddress1', 'p' || n || '@contacts.example'),
    1, now(), now()
FROM generate_series(1, %(count)s) AS n
"""
_INDEX = "organizations_record_values"


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def prepare() -> None:
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def measured(size: Size, *, plans: bool = False) -> list[Ratio]:
    """Needs `servers.running()` and `prepare()`."""
    return [*_imports(size), *_records(size, plans=plans)]


def _instance(name: str) -> Instance:
    from organizations import administration
    from organizations.models import Instance, Language

    instance = Instance.objects.create(
        name=name, url=f"https://{uuid4()}.example", type="sandbox", version="9.0", base_language=1033
    )
    Language.objects.bulk_create(
        Language(instance=instance, lcid=lcid, enabled=lcid != ONE_MORE) for lcid in LANGUAGES
    )
    administration.admit_application_user(instance_id=instance.id)
    return instance


def _package(labels: int, languages: Sequence[int]) -> bytes:
    from organizations.packages import translations
    from organizations.packages.package import LabelText

    texts = [
        LabelText(f"bench_entity{n // 20}", f"Column{n % 20}", lcid, f"What part {n} is called in {lcid}")
        for n in range(labels // len(languages))
        for lcid in languages
    ]
    manifest = (
        '<ImportExportXml languagecode="1033"><SolutionManifest><UniqueName>Bench</UniqueName><LocalizedNames>'
        '<LocalizedName description="Bench" languagecode="1033"/></LocalizedNames><Version>1.0.0.0</Version>'
        "<Managed>1</Managed></SolutionManifest></ImportExportXml>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("solution.xml", manifest)
        archive.writestr("CrmTranslations.xml", translations.write(texts, base_language=1033))
    return buffer.getvalue()


def _timed_import(instance: Instance, package: bytes) -> float:
    """Seconds of one import, the reading of the file included."""
    from organizations.adapters.embedded import imports
    from organizations.connect import connect

    imports._read.cache_clear()
    organization, operation_id = connect(instance), uuid4()
    begun = time.perf_counter()
    while not (told := organization.import_solution(package, operation_id=operation_id)).state.finished:
        pass
    taken = time.perf_counter() - begun
    assert told.state.value == "succeeded", told
    return taken


def _imports(size: Size) -> list[Ratio]:
    from organizations.connect import connect

    say(f"Importing {size.labels:,} labels…")
    whole = _package(size.labels, LANGUAGES)
    part = _package(size.labels // len(LANGUAGES), [1033])
    first, more, same, alone = [], [], [], []
    for number in range(size.rounds):
        instance = _instance(f"Imports {number}")
        first.append(_timed_import(instance, whole))
        connect(instance).enable_language(ONE_MORE)
        more.append(_timed_import(instance, whole))
        same.append(_timed_import(instance, whole))
        alone.append(_timed_import(_instance(f"Part {number}"), part))
    say(f"  first {min(first):.2f} s, one more language {min(more):.2f} s, the same again {min(same):.2f} s")
    named = f"{size.labels:,} labels"
    return [
        Ratio(
            f"one more language of a solution of {named}, in first imports",
            ratios(more, first),
            Bound.AT_MOST,
            0.5,
        ),
        Ratio("the same again, in first imports", ratios(same, first), Bound.AT_MOST, 0.4),
        Ratio("one more language, in first imports of a solution of that size", ratios(more, alone)),
    ]


def _records(size: Size, *, plans: bool) -> list[Ratio]:
    say(f"Making {size.many:,} records…")
    few, many = _instance("Few records"), _instance("Many records")
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [_INDEX])
        definition = cursor.fetchone()[0]
        cursor.execute(f"DROP INDEX {_INDEX}")
        for instance, count in ((few, size.few), (many, size.many)):
            cursor.execute(_FILL, {"instance": instance.id, "count": count})
        cursor.execute(definition)
        cursor.execute("VACUUM ANALYZE organizations_record")
    found = []
    for title, query in _questions().items():
        if plans:
            say(_plan(many, query))
        both = interleaved(
            2 * size.rounds + 1, partial(_page, many, query, size), partial(_page, few, query, size)
        )
        said = f"{title}: {size.many:,} records, in pages of {size.few:,}"
        found.append(Ratio(said, ratios(*both), Bound.AT_MOST, 2))
        say(
            f"  {title}: {1000 * min(both[0]):.1f} ms of {size.many:,}, {1000 * min(both[1]):.1f} ms of {size.few:,}"
        )
    return found


def _questions() -> dict[str, Query]:
    """First pages of contacts, filtered and in order."""
    from organizations.ports import Condition, Query

    return {
        "contacts of an account, by name": Query(
            "contact", [Condition("parentcustomerid", "eq", "account 7")], order=["fullname"], top=PAGE
        ),
        "a contact by address": Query(
            "contact",
            [Condition("emailaddress1", "eq", "p33@contacts.example")],
            order=["fullname"],
            top=PAGE,
        ),
    }


def _page(instance: Instance, query: Query, size: Size) -> float:
    """Seconds of one page; the shortest of some, since everything else on the machine only makes them longer."""
    from organizations.connect import connect

    organization, best = connect(instance), float("inf")
    for _ in range(size.pages):
        begun = time.perf_counter()
        assert organization.query(query)
        best = min(best, time.perf_counter() - begun)
    return best


def _plan(instance: Instance, query: Query) -> str:
    from organizations.adapters.embedded.conditions import matching, ordering
    from organizations.models import Record

    rows: Any = Record.objects.filter(instance=instance, entity=query.entity)
    for condition in query.where:
        rows = rows.filter(matching(condition))
    return str(
        rows.order_by(*(ordering(name) for name in query.order), "record_id")[:PAGE].explain(analyze=True)
    )


def main(words: Sequence[str]) -> None:
    with servers.running():
        prepare()
        found = measured(SMALL if "--small" in words else Size(), plans="plans" in words)
    if "--json" in words:
        json.dump([asdict(ratio) for ratio in found], sys.stdout)
        return
    sys.stdout.write("".join(f"{line}\n" for line in ("", HEADING, *(ratio.line() for ratio in found))))


if __name__ == "__main__":
    main(sys.argv[1:])

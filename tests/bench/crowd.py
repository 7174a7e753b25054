"""A copy of the database with very many jobs in it."""

from __future__ import annotations

import os

import psycopg
from django.db import connection, models

from jobs import runner
from jobs.models import Job, JobEvent, JobStep
from tests.bench import sides

EMPTY, CROWDED = "empty", "crowded"


def url_of(name: str) -> str:
    return os.environ["DATABASE_URL"].replace("/portaladmin?", f"/{name}?")


def make(*, finished: int, waiting: int) -> None:
    """Makes both databases, from this one."""
    done, later = sides._enqueue(bell=False), sides._enqueue(bell=False)
    runner.run(done)
    tables = [columns(model) for model in (Job, JobStep, JobEvent)]
    connection.close()  # a database that somebody uses cannot be copied
    with psycopg.connect(url_of("postgres"), autocommit=True) as link:
        for name in (EMPTY, CROWDED):
            link.execute(f"CREATE DATABASE {name} TEMPLATE portaladmin")
    with psycopg.connect(url_of(CROWDED), autocommit=True) as link:
        link.execute("SET synchronous_commit = off")
        _copy(link, tables, done, finished, {"created_at": "now() - n * interval '1 minute'"})
        _copy(
            link,
            tables,
            later,
            waiting,
            {
                "state": "'waiting'",
                "run_at": "now() + interval '1 day' + n * interval '1 second'",
                "serial_key": "'organization:' || n",
                "serial_held": "true",
            },
        )
    for name in (EMPTY, CROWDED):
        with psycopg.connect(url_of(name), autocommit=True) as link:
            link.execute("DELETE FROM jobs_jobevent WHERE job_id = ANY(%s)", [[done, later]])
            link.execute("DELETE FROM jobs_jobstep WHERE job_id = ANY(%s)", [[done, later]])
            link.execute("DELETE FROM jobs_job WHERE id = ANY(%s)", [[done, later]])
            for table, _ in tables:
                link.execute(f"VACUUM (ANALYZE) {table}".encode())


def make_due() -> None:
    """All that waits in the crowded database is due from now on, and was rung for a moment ago."""
    with psycopg.connect(url_of(CROWDED), autocommit=True) as link:
        link.execute(
            "UPDATE jobs_job SET run_at = now() - interval '1 minute', rung_at = now(), rings = 6 "
            "WHERE state = 'waiting'"
        )
        link.execute("VACUUM (ANALYZE) jobs_job")


def columns(model: type[models.Model]) -> tuple[str, list[str]]:
    meta = model._meta
    key = "id"
    return meta.db_table, [str(field.column) for field in meta.concrete_fields if field.column != key]


def _copy(
    link: psycopg.Connection,
    tables: list[tuple[str, list[str]]],
    pattern: object,
    count: int,
    changes: dict[str, str],
) -> None:
    """So many copies of the job `pattern`, with their steps and events."""
    jobs, own = tables[0]
    values = [changes.get(column, column) for column in own]
    link.execute(
        f"CREATE TEMP TABLE new AS SELECT gen_random_uuid() AS id, {', '.join(map(_named, own, values))} "  # noqa: S608 - names of our own tables
        f"FROM {jobs}, generate_series(1, %s) AS n WHERE {jobs}.id = %s".encode(),
        [count, pattern],
    )
    link.execute(f"INSERT INTO {jobs} (id, {', '.join(own)}) SELECT id, {', '.join(own)} FROM new".encode())  # noqa: S608
    for table, all_columns in tables[1:]:
        rest = ", ".join(column for column in all_columns if column != "job_id")
        link.execute(
            f"INSERT INTO {table} (job_id, {rest}) SELECT new.id, {_of('pattern', rest)} "  # noqa: S608
            f"FROM new, {table} AS pattern WHERE pattern.job_id = %s".encode(),
            [pattern],
        )
    link.execute("DROP TABLE new")


def _named(column: str, value: str) -> str:
    return f"{value} AS {column}"


def _of(table: str, names: str) -> str:
    return ", ".join(f"{table}.{name}" for name in names.split(", "))

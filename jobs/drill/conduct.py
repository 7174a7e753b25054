"""The course of a drill: alone, from a clean field, one exercise after the other, and nothing left behind."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import connection

from jobs import registry, retention
from jobs.drill import KIND, LOCK, crew, mailbox, toys
from jobs.drill.crew import Crew
from jobs.drill.exercises import Broken, Exercise, Site, named, told_to_go
from jobs.drill.verdict import Tried, flaws
from jobs.drill.world import World


class Busy(Exception):
    """Another drill is going on."""


def conduct(
    *,
    say: Callable[[str], None],
    patience: float,
    only: Sequence[str] = (),
    included: Sequence[str] = crew.INCLUDED,
) -> bool:
    """Whether everything held. Raises Busy."""
    with _alone(), _field() as folder, mailbox.in_use() as queue:
        site = Site(
            id=str(uuid4()),
            world=World(folder),
            crew=Crew(queue=queue, log=folder / "workers.log", included=included),
            patience=patience,
        )
        say(f"Drill {site.id}, its own workers on the queue {queue}; no real job is touched.")
        held = True
        try:
            for title, exercise in named(only).values():
                held = _try(site, title, exercise, say) and held
                if told_to_go.is_set():
                    raise SystemExit(143)
        finally:
            site.crew.kill()
            site.crew.sign_off()
            if not held:
                say(f"What its workers wrote: {_keep_log(folder)}")
        return held


def _try(site: Site, title: str, exercise: Exercise, say: Callable[[str], None]) -> bool:
    begun = time.monotonic()
    tried = Tried()
    first = len(site.jobs)
    try:
        if not site.crew.is_ready:
            site.start_worker()
        tried = exercise(site)
        wrong = flaws(tried, site.world)
    except Broken as error:
        # What it had begun must not go on beside the next one.
        site.crew.kill()
        wrong = [str(error)]
    say(f"  {'HELD  ' if not wrong else 'BROKEN'}  {title:<62}{time.monotonic() - begun:5.1f} s")
    for sentence in wrong:
        say(f"          {sentence}")
    if wrong:
        retention.remove_drills(site.jobs[first:])
    return not wrong


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if cursor.fetchone() != (True,):
            raise Busy("Another drill is going on at this database.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def _field() -> Iterator[Path]:
    """An empty folder, and no jobs of an earlier drill; afterwards neither is there."""
    folder = Path(settings.DATA_DIR) / "drill"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    retention.remove_drills()
    toys.register()
    try:
        yield folder
    finally:
        registry.unregister(KIND, toys.DRILL.version)
        retention.remove_drills()
        shutil.rmtree(folder, ignore_errors=True)


def _keep_log(folder: Path) -> Path:
    kept = folder.with_name("drill.log")
    shutil.copyfile(folder / "workers.log", kept)
    return kept

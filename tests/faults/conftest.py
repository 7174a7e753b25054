"""Servers that may be killed, workers that may be killed, and what must hold after each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs import services
from jobs.models import Job
from portaladmin.up.postgres import Postgres
from portaladmin.up.valkey import Valkey
from tests.faults import invariants
from tests.faults.crew import Crew
from tests.faults.servers import Server
from tests.jobs import toys
from tests.jobs.conftest import Enqueue, toy_kind  # noqa: F401 - a fixture


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Safe on disk, unlike that of the other tests: what it said to have committed is there after a crash."""
    server = _own(Postgres)
    yield server
    server.end()


@pytest.fixture(scope="session")
def valkey() -> Iterator[Server]:
    server = _own(Valkey)
    yield server
    server.end()


def _own(engine: type[Postgres] | type[Valkey]) -> Server:
    folder = Path(os.environ["DATA_DIR"])
    if not (folder / engine.name).exists():
        pytest.exit("The fault suite kills its servers; unset DATABASE_URL and REDIS_URL.", returncode=4)
    server = Server(engine(folder), folder)
    server.take_over()
    return server


@pytest.fixture
def crew(postgres: Server, valkey: Server, transactional_db: None, tmp_path: Path) -> Iterator[Crew]:
    crew = Crew(tmp_path)
    yield crew
    try:
        invariants.check(tmp_path)
    finally:
        crew.end()


@pytest.fixture
def enqueue(tmp_path: Path) -> Enqueue:
    """Enqueue a toy with these steps; its outside world is the test's temporary folder."""

    def make(*steps: str, **options: Any) -> Job:
        return services.enqueue(
            kind=toys.KIND, inputs={"steps": list(steps), "world": str(tmp_path)}, **options
        )

    return make

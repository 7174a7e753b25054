"""A PostgreSQL and a Valkey for one measurement, as `make up` starts them: safe on disk, unlike those of the tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from portaladmin.up import datadir, keys, launch, places
from portaladmin.up.engine import Engine
from portaladmin.up.postgres import Postgres
from portaladmin.up.valkey import Valkey
from tests import servers


@contextmanager
def running() -> Iterator[Path]:
    """Starts both; the environment leads there from here on. Their folder is gone afterwards."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="portaladmin-bench-")).resolve()
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        datadir.make(folder)
        stack.callback(shutil.rmtree, places.socket_dir(folder), ignore_errors=True)
        engines: list[Engine] = [Postgres(folder), Valkey(folder)]
        for engine in engines:
            engine.prepare()
            log = places.logs_dir(folder) / f"{engine.name}.log"
            with log.open("wb") as output:
                process = launch.start(
                    engine.command(),
                    environ=engine.environ,
                    cwd=folder,
                    output=output,
                    death_signal=engine.stop_signal,
                )
            stack.callback(servers._end, process, engine)
            servers._await(engine, process, log)
        os.environ.update(
            keys.settle(folder, {}),
            DATA_DIR=str(folder),
            DATABASE_URL=places.database_url(folder),
            REDIS_URL=places.redis_url(folder),
            DEBUG="0",
            DJANGO_SETTINGS_MODULE="portaladmin.settings",
        )
        yield folder

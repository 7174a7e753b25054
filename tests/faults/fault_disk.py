"""PostgreSQL on a disk that is full, and then is not any more."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction

from portaladmin.up import datadir, places
from portaladmin.up.postgres import Postgres
from tests.faults.crew import Crew, all_succeed
from tests.faults.servers import Server
from tests.jobs.conftest import Enqueue
from tests.waiting import until

ROOM = 40  # MB that are left beside the cluster


class Disk:
    """A file system in memory with PostgreSQL on it."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server

    @property
    def is_full(self) -> bool:
        return "No space left on device" in (places.logs_dir(self.folder) / "postgres.log").read_text()

    def grow(self) -> None:
        """Somebody makes room; a server that gave up is started again, as the supervisor does."""
        _mount(self.folder, "remount,size=1g")
        self.server.await_ready()


def _mount(folder: Path, options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def disk(postgres: Server, transactional_db: None) -> Iterator[Disk]:
    """This test's database, on a copy of the cluster that has next to no room."""
    folder = Path(tempfile.mkdtemp(prefix="portaladmin-disk-")).resolve()
    source = Path(os.environ["DATA_DIR"]) / "postgres"
    postgres.stop()
    used = int(subprocess.run(["du", "-sm", source], capture_output=True, check=True).stdout.split()[0])
    mounted = _mount(folder, f"size={used + ROOM}m,mode=755")
    if mounted.returncode != 0:
        folder.rmdir()
        postgres.start()
        if os.environ.get("CI"):
            pytest.fail(f"CI must be able to mount a small disk: {mounted.stderr}")
        pytest.skip(f"A small disk cannot be mounted here, which needs root: {mounted.stderr.strip()}")
    before = connection.settings_dict["OPTIONS"]
    subprocess.run(["cp", "-a", source, folder], check=True)
    postgres.start()
    datadir.make(folder)
    server = Server(Postgres(folder), folder)
    server.start()
    connection.settings_dict["OPTIONS"] = {**before, "host": str(places.socket_dir(folder))}
    yield Disk(folder, server)
    connection.close()
    connection.settings_dict["OPTIONS"] = before
    server.end()
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()


@pytest.fixture
def crew_there(disk: Disk, crew: Crew) -> Crew:
    return crew


def test_a_full_disk_costs_time_and_no_job(disk: Disk, crew_there: Crew, enqueue: Enqueue) -> None:
    crew_there.start()
    with transaction.atomic():  # all at once, while there is room for them
        jobs = [enqueue("note", "big:3000", "make") for _ in range(16)]
    until(lambda: disk.is_full, seconds=30, what="a full disk")
    disk.grow()
    all_succeed(jobs, seconds=60)

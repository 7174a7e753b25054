"""`make up`, whole: a real PostgreSQL, Valkey, web, worker and scheduler."""

import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portaladmin.up import places, welcome
from tests.up import checkout
from tests.up.running import (
    CTRL_C_WITHIN,
    Run,
    environment,
    free_port,
    leader,
    processes,
    started,
    supervisor,
    wait_until,
)

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A running installation that the tests leave running."""
    with started(Run(tmp_path_factory.mktemp("up") / "a folder with spaces", free_port())) as run:
        yield run


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DATA_DIR for the tests that start and end by themselves: only the first start in it makes everything."""
    return tmp_path_factory.mktemp("data") / "another folder with spaces"


def make_up(data_dir: Path, port: int) -> subprocess.CompletedProcess[str]:
    """A `make up` that is to end by itself."""
    return subprocess.run(
        ["make", "--no-print-directory", "up"],
        cwd=places.BASE_DIR,
        env=environment(data_dir, PORT=str(port), HTTPS_PORT=str(free_port())),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def lasting(data_dir: Path) -> dict[int, str]:
    """The processes without those that PostgreSQL has for each connection, which come and go."""
    return {
        pid: command
        for pid, command in processes(data_dir).items()
        if not command.startswith("postgres: portaladmin ")
    }


def test_it_says_where_and_as_whom_when_it_is_ready(up: Run) -> None:
    assert up.status("/readyz") == 200
    assert f"http://localhost:{up.port}/" in up.text
    password = (up.data_dir / "demo_password").read_text().strip()
    assert f"password: {password}" in up.text
    for name in welcome.PEOPLE:
        assert f"{name}@contoso.example" in up.text


def test_what_it_keeps_secret_is_closed_to_others(up: Run) -> None:
    for name in ("secret_key", "encryption_keys", "demo_password", "logs", "run", "postgres"):
        assert (up.data_dir / name).stat().st_mode & 0o077 == 0, name
    assert places.socket_dir(up.data_dir).stat().st_mode & 0o077 == 0


def test_what_is_committed_is_on_disk(up: Run) -> None:
    with psycopg.connect(places.database_url(up.data_dir)) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {name}").fetchone() == ("on",), name
        assert connection.execute("SELECT usesuper FROM pg_user WHERE usename = current_user").fetchone() == (
            False,
        )


def test_a_second_start_says_that_it_is_already_running(up: Run) -> None:
    before = lasting(up.data_dir)

    second = make_up(up.data_dir, up.port)

    assert second.returncode == 0
    assert second.stdout.count("\n") == 1, second.stdout
    assert f"already running: http://localhost:{up.port}/" in second.stdout
    assert f"process {supervisor(up.data_dir)}" in second.stdout
    assert lasting(up.data_dir) == before


def test_ctrl_c_ends_all_and_leaves_nothing(data_dir: Path) -> None:
    with started(Run(data_dir, free_port())) as run:
        assert len(processes(data_dir)) > 5

        assert run.interrupt() < CTRL_C_WITHIN

        assert processes(data_dir) == {}
        assert not places.socket_dir(data_dir).exists()
        assert "Stopped." in run.lines


def test_after_sigkill_the_next_start_takes_everything_up_again(data_dir: Path) -> None:
    port = free_port()
    with started(Run(data_dir, port)):
        with psycopg.connect(places.database_url(data_dir), autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept_by_the_test (word text)")
            connection.execute("INSERT INTO kept_by_the_test VALUES ('kept')")
        earlier = set(processes(data_dir))

        os.kill(supervisor(data_dir), signal.SIGKILL)

        with started(Run(data_dir, port)) as again:
            assert not earlier & set(processes(data_dir))
            assert again.status("/readyz") == 200
            with psycopg.connect(places.database_url(data_dir)) as connection:
                assert connection.execute("SELECT word FROM kept_by_the_test").fetchall() == [("kept",)]


def test_what_dies_is_started_again(up: Run) -> None:
    parts = {
        "web": "gunicorn",
        "edge": "manage.py edge",
        "worker": "celery -A portaladmin worker",
        "scheduler": "celery -A portaladmin beat",
        "postgres": "postgres -D",
        "valkey": "valkey-server",
    }
    victims = [leader(up.data_dir, part) for part in parts.values()]

    for victim in victims:
        os.kill(victim, signal.SIGKILL)

    for name in parts:
        up.await_line(f"{name} ended unexpectedly (signal KILL); starting it again in 1 s")
        up.await_line(f"{name} is started again.")
    wait_until(up.is_ready, "ready again")


def test_the_edge_goes_on_while_web_and_worker_are_dead(up: Run) -> None:
    for part in ("gunicorn", "celery -A portaladmin worker"):
        os.kill(leader(up.data_dir, part), signal.SIGKILL)

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", up.https_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="portals.localhost") as sock,
    ):
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: portals.localhost\r\nConnection: close\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 200")
    wait_until(up.is_ready, "ready again")


def test_a_taken_port_is_told_before_anything_starts(up: Run, tmp_path: Path) -> None:
    refused = make_up(tmp_path / "other", up.port)

    assert refused.returncode != 0
    assert refused.stdout == ""
    assert f"Port {up.port} is taken" in refused.stderr
    assert f"make up PORT={up.port + 1}" in refused.stderr
    assert not (tmp_path / "other" / "postgres").exists()


def test_a_data_dir_that_is_a_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")

    refused = make_up(file, free_port())

    assert refused.returncode != 0
    assert refused.stdout == ""
    assert f"DATA_DIR is a file, not a folder: {file}" in refused.stderr
    assert file.read_text() == "mine"


def test_an_unwritable_data_dir_is_told() -> None:
    # Root may write everywhere, but not here.
    refused = make_up(Path("/proc/portaladmin"), free_port())

    assert refused.returncode != 0
    assert refused.stdout == ""
    assert "DATA_DIR cannot be written to" in refused.stderr
    assert "make up DATA_DIR=" in refused.stderr


def test_servers_of_ones_own_replace_the_embedded_ones(up: Run, tmp_path: Path) -> None:
    """Those of another installation serve as somebody's own."""
    other = tmp_path / "other"
    with psycopg.connect(places.database_url(up.data_dir), autocommit=True) as connection:
        connection.execute("CREATE DATABASE another")
    url = places.database_url(up.data_dir).replace("/portaladmin?", "/another?")
    try:
        with pytest.MonkeyPatch.context() as patch:
            own = {"DATABASE_URL": url, "REDIS_URL": places.redis_url(up.data_dir).replace("db=0", "db=1")}
            for name, value in own.items():
                patch.setattr("tests.up.running.NOT_OURS", {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "DEBUG"})
                patch.setenv(name, value)
            with started(Run(other, free_port())) as run:
                assert run.status("/readyz") == 200
                commands = " ".join(processes(other).values())
                assert "postgres" not in commands
                assert "valkey" not in commands
    finally:
        with psycopg.connect(places.database_url(up.data_dir), autocommit=True) as connection:
            connection.execute("DROP DATABASE another WITH (FORCE)")


def test_as_an_ordinary_user_from_a_path_with_spaces() -> None:
    with checkout.of_an_ordinary_user() as (folder, before):
        data_dir = folder / "var"
        with started(Run(data_dir, free_port(), cwd=folder, before=before)) as run:
            assert run.status("/readyz") == 200
            assert re.search(r"Making and starting PostgreSQL", run.text)
            # To make alone, which does not pass it on.
            run.process.send_signal(signal.SIGINT)
            wait_until(lambda: not processes(data_dir), "the end of all processes")

"""What a start refuses: each in one line that says what to do."""

import os
import socket
from pathlib import Path

import pytest

from portaladmin.up import datadir, environment, external, places, port
from portaladmin.up.errors import CannotStart
from portaladmin.up.lock import Lock
from tests.up.running import free_port


def refusal(error: pytest.ExceptionInfo[CannotStart]) -> str:
    line = str(error.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("text", ["", "abc", "0", "65536", "-1", "80 81", "８０"])
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(CannotStart) as error:
        port.check("PORT", text, "127.0.0.1")
    assert "is no port" in refusal(error)


@pytest.mark.parametrize("listens_on", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_a_taken_port(listens_on: str) -> None:
    with socket.socket() as listener:
        listener.bind((listens_on, 0))
        listener.listen()
        number = listener.getsockname()[1]
        with pytest.raises(CannotStart) as error:
            port.check("PORT", str(number), "127.0.0.1")
    assert f"Port {number} is taken" in refusal(error)


def test_a_free_port() -> None:
    number = free_port()
    assert port.check("PORT", str(number), "127.0.0.1") == number


def test_a_data_dir_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(CannotStart) as error:
            datadir.make(folder)
        assert "make up DATA_DIR=" in refusal(error)


def test_a_socket_folder_of_somebody_else(tmp_path: Path) -> None:
    places.socket_dir(tmp_path).symlink_to(tmp_path)
    try:
        with pytest.raises(CannotStart) as error:
            datadir.make_socket_dir(tmp_path, owner=os.geteuid(), group=os.getegid())
        assert "belongs to somebody else" in refusal(error)
    finally:
        places.socket_dir(tmp_path).unlink()


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    assert first.take()
    first.write(pid=7, url="http://localhost:8000/")

    assert not second.take()
    assert second.holder() == {"pid": 7, "url": "http://localhost:8000/"}

    first.release()
    assert second.take()
    assert second.holder() == {}
    second.release()


def test_the_database_of_ones_own(embedded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    external.check_database(places.database_url(embedded))
    monkeypatch.setattr(external, "POSTGRES_AT_LEAST", 99)
    with pytest.raises(CannotStart) as error:
        external.check_database(places.database_url(embedded))
    assert "at least 99 is needed" in refusal(error)


def test_the_broker_of_ones_own(embedded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    external.check_broker(places.redis_url(embedded))
    monkeypatch.setattr(external, "REDIS_AT_LEAST", (99, 0))
    with pytest.raises(CannotStart) as error:
        external.check_broker(places.redis_url(embedded))
    assert "is needed" in refusal(error)


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite:///x", "postgresql://x:hidden@127.0.0.1:1/y"])
def test_no_database_that_would_do(url: str) -> None:
    with pytest.raises(CannotStart) as error:
        external.check_database(url)
    assert "DATABASE_URL" in refusal(error)
    assert "hidden" not in str(error.value)


@pytest.mark.parametrize("url", ["amqp://x", "redis://:hidden@127.0.0.1:1/0", "unix:///nowhere.sock"])
def test_no_broker_that_would_do(url: str) -> None:
    with pytest.raises(CannotStart) as error:
        external.check_broker(url)
    assert "REDIS_URL" in refusal(error)
    assert "hidden" not in str(error.value)


def test_a_python_without_venv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_is_current", lambda which: False)
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(CannotStart) as error:
        # It is refused before anything is waited for.
        environment.make("base", stop=None)  # type: ignore[arg-type]
    assert "apt-get install python3-venv" in refusal(error)

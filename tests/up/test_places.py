"""Places that follow from DATA_DIR, and the broker's address as Celery reads it."""

from pathlib import Path

import psycopg
import pytest
import redis
from kombu import Connection

from portaladmin.up import places


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://user:pass@host:6380/2", "redis://user:pass@host:6380/2"),
        ("rediss://:pass@host/1?ssl_cert_reqs=required", "rediss://:pass@host/1?ssl_cert_reqs=required"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
        ("unix:///run/valkey.sock?db=3", "redis+socket:///run/valkey.sock?virtual_host=3"),
        ("unix://:p%40ss@/run/valkey.sock?db=0", "redis+socket://:p%40ss@/run/valkey.sock?virtual_host=0"),
        ("unix:///run/valkey.sock?password=p%40ss", "redis+socket://:p%40ss@/run/valkey.sock?virtual_host=0"),
        ("unix:///a%20b/valkey.sock?db=1", "redis+socket:///a%20b/valkey.sock?virtual_host=1"),
    ],
)
def test_the_brokers_address(url: str, broker: str) -> None:
    assert places.broker_url(url) == broker


def test_data_dir_is_var_beside_manage_py_unless_it_is_named(tmp_path: Path) -> None:
    assert places.data_dir({}) == places.BASE_DIR / "var"
    assert places.data_dir({"DATA_DIR": ""}) == places.BASE_DIR / "var"
    assert places.data_dir({"DATA_DIR": str(tmp_path / "a b")}) == tmp_path / "a b"


def test_a_socket_has_a_short_path_however_long_data_dir_is(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a rather long name of a folder"] * 20)

    for socket in (
        places.redis_socket(deep),
        places.socket_dir(deep) / f".s.PGSQL.{places.POSTGRES_PORT}.lock",
    ):
        assert len(str(socket)) < 90


def test_every_way_to_the_same_data_dir_leads_to_the_same_sockets(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    assert places.socket_dir(tmp_path / "link") == places.socket_dir(tmp_path / "real")
    assert places.socket_dir(tmp_path / "real") != places.socket_dir(tmp_path)


def test_the_addresses_lead_to_the_embedded_servers(embedded: Path) -> None:
    with psycopg.connect(places.database_url(embedded)) as connection:
        row = connection.execute("SELECT current_user, current_database(), version()").fetchone()
    assert row is not None
    assert row[:2] == ("portaladmin", "portaladmin")
    with redis.Redis.from_url(places.redis_url(embedded)) as client:
        assert client.ping()


def test_celery_reaches_the_same_server(embedded: Path) -> None:
    """The message that goes in by one address comes out by it, and lies where the other address looks."""
    with Connection(places.broker_url(places.redis_url(embedded))) as connection:
        queue = connection.SimpleQueue("tests.up.places")
        queue.put({"word": "doorbell"})
        with redis.Redis.from_url(places.redis_url(embedded)) as client:
            assert client.llen("tests.up.places") == 1
        message = queue.get(timeout=5)
        assert message.payload == {"word": "doorbell"}
        message.ack()
        queue.close()

"""Servers of one's own, given by DATABASE_URL and REDIS_URL in place of the embedded ones.

Their drivers are imported late: this runs in the virtual environment only.
"""

import re

from portaladmin.up.errors import CannotStart

POSTGRES_AT_LEAST = 14
REDIS_AT_LEAST = (6, 2)
CONNECT_SECONDS = 5


def check_database(url: str) -> None:
    """Finds a PostgreSQL of a version that will do.

    Raises CannotStart.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise CannotStart("DATABASE_URL wants PostgreSQL: postgresql://user:password@host:5432/name")
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version
    except (psycopg.Error, ValueError) as error:
        raise CannotStart(f"The database of DATABASE_URL does not answer: {_one_line(error)}") from error
    if version < POSTGRES_AT_LEAST * 10_000:
        raise CannotStart(
            f"The database of DATABASE_URL is PostgreSQL {version // 10_000}; at least {POSTGRES_AT_LEAST} is needed"
        )


def check_broker(url: str) -> None:
    """Finds a Redis or Valkey of a version that will do.

    Raises CannotStart.
    """
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise CannotStart("REDIS_URL wants Redis or Valkey: redis://:password@host:6379/0")
    import redis

    try:
        client = redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS
        )
        try:
            info = client.info("server")
        finally:
            client.close()
    except (redis.RedisError, OSError, ValueError) as error:
        raise CannotStart(f"The server of REDIS_URL does not answer: {_one_line(error)}") from error
    # Valkey states the version of Redis that it stands for here, which is never below 7.2.
    text = str(info.get("redis_version", "0"))
    version = tuple(int(number) for number in re.findall(r"\d+", text)[:2])
    if version < REDIS_AT_LEAST:
        raise CannotStart(f"The server of REDIS_URL is Redis {text}; at least 6.2, or Valkey, is needed")


def _one_line(error: Exception) -> str:
    # The password of the address is in no message of either driver.
    return " ".join(str(error).split()) or type(error).__name__

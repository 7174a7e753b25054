"""Where things of one installation are: every path and address follows from DATA_DIR alone.

A bare `python manage.py …` therefore finds the embedded servers that `make up` started, with nothing passed on.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

BASE_DIR = Path(__file__).resolve().parents[2]

# The port names the socket file only; nothing listens on the network.
POSTGRES_PORT = 5432


def data_dir(environ: Mapping[str, str]) -> Path:
    """The absolute folder of all data: DATA_DIR, else `var` beside manage.py. It need not exist."""
    given = environ.get("DATA_DIR", "")
    return (Path(given).expanduser() if given else BASE_DIR / "var").resolve()


def run_dir(data_dir: Path) -> Path:
    """The folder in which running processes are written down."""
    return data_dir / "run"


def logs_dir(data_dir: Path) -> Path:
    """The folder of one log file per process."""
    return data_dir / "logs"


def socket_dir(data_dir: Path) -> Path:
    """The folder of the servers' sockets, at most 60 bytes long.

    It is not in DATA_DIR, since a socket's path over 107 bytes is fatal. It does not follow TMPDIR either, which
    may differ between the shell of `make up` and that of `manage.py`.
    """
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]
    common = Path("/tmp")  # noqa: S108 - the folder in it is made with mode 0700 and its owner is checked
    return (common if common.is_dir() else Path(tempfile.gettempdir())) / f"portaladmin-{name}"


def redis_socket(data_dir: Path) -> Path:
    """The socket of the embedded Valkey."""
    return socket_dir(data_dir) / "valkey.sock"


def database_url(data_dir: Path) -> str:
    """The address of the embedded PostgreSQL's database.

    The port is named, so that a PGPORT in somebody's shell cannot lead elsewhere.
    """
    host = quote(str(socket_dir(data_dir)), safe="")
    return f"postgresql://portaladmin@/portaladmin?host={host}&port={POSTGRES_PORT}"


def redis_url(data_dir: Path) -> str:
    """The address of the embedded Valkey as redis-py reads it."""
    return f"unix://{quote(str(redis_socket(data_dir)))}?db=0"


def broker_url(redis_url: str) -> str:
    """The same address as Celery reads it; only sockets are written differently.

    `unix://[user:password@]/path?db=1` becomes `redis+socket://[user:password@]/path?virtual_host=1`.
    """
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    login = parts.netloc
    # redis-py also takes both from the query; Celery reads them before the path only.
    if not login and (password := query.pop("password", "")):
        login = f"{quote(query.pop('username', ''), safe='')}:{quote(password, safe='')}@"
    query["virtual_host"] = query.pop("db", "0")
    return f"redis+socket://{login}{quote(unquote(parts.path))}?{urlencode(query)}"

"""The processes of an installation: one table, for `make up` and for every other way to run them."""

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::-(?P<default>[^}]*))?\}")


@dataclass(frozen=True)
class Process:
    """A command as a shell and a compose file read it, with `${NAME:-default}` from the environment."""

    name: str
    command: str

    def arguments(self, environ: Mapping[str, str] = os.environ) -> list[str]:
        """The words of the command, with the variables filled in; a value with spaces stays one word.

        Raises KeyError when a variable without a default is not set.
        """

        def value(match: re.Match[str]) -> str:
            default = match["default"]
            if default is None:
                return environ[match["name"]]
            return environ.get(match["name"]) or default

        return [_VARIABLE.sub(value, word) for word in shlex.split(self.command)]


# Answers browsers: the admin center and the portals, by host name.
WEB = Process("web", "python -m gunicorn portaladmin.wsgi:application -c portaladmin/gunicorn.py")

# Answers browsers over HTTPS, with the certificates of custom domains.
EDGE = Process("edge", "python manage.py edge")

# Runs jobs. It need not know of other workers, since a message is only a doorbell.
WORKER = Process(
    "worker",
    "python -m celery -A portaladmin worker --pool prefork --concurrency ${WORKER_CONCURRENCY:-2}"
    " --without-mingle --without-gossip --loglevel info",
)

# Rings what is due. One of it per installation; a second one would only ring twice.
SCHEDULER = Process(
    "scheduler",
    "python -m celery -A portaladmin beat --schedule ${DATA_DIR}/scheduler/schedule --pidfile= --loglevel info",
)

PROCESSES = (WEB, EDGE, WORKER, SCHEDULER)

# Runs to its end before the others start: tables, static files and, once, the demo organization.
PREPARE = Process("prepare", "python manage.py prepare --demo")

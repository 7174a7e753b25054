"""The first program of a container: takes secrets out of files into the environment, then becomes the command.

`SECRET_KEY_FILE=/run/secrets/secret_key` becomes SECRET_KEY, and so on for every name below. It imports nothing of
Django, since the settings want the secrets.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

# Others that end in _FILE are somebody else's, such as SSL_CERT_FILE. PGPASSWORD is read by PostgreSQL's own library.
NAMES = ("SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL", "PGPASSWORD")


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with the contents of the files in it.

    Raises SystemExit when a file cannot be read or is empty, or when a secret is given in both ways.
    """
    found = dict(environ)
    for name in NAMES:
        file = found.pop(f"{name}_FILE", "")
        if not file:
            continue
        if found.get(name):
            raise SystemExit(f"Both {name} and {name}_FILE are set; give one of them.")
        try:
            found[name] = Path(file).read_text().strip()
        except OSError as error:
            raise SystemExit(f"{name}_FILE cannot be read ({error.strerror}): {file}") from error
        if not found[name]:
            raise SystemExit(f"{name}_FILE is empty: {file}")
    return found


def main(arguments: list[str]) -> NoReturn:
    if not arguments:
        raise SystemExit("Which command? See portaladmin/processes.py.")
    environ = environment(os.environ)
    os.execvpe(arguments[0], arguments, environ)  # noqa: S606 - this process becomes the command


if __name__ == "__main__":
    main(sys.argv[1:])

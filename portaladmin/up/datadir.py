"""DATA_DIR: made if need be, and found writable before anything else happens."""

import contextlib
import os
import tempfile
from pathlib import Path

from portaladmin.up import places
from portaladmin.up.errors import CannotStart

CHOOSE = "choose another folder, for example: make up DATA_DIR=~/portaladmin-data"


def make(folder: Path) -> None:
    """Makes DATA_DIR and the folders in it.

    Raises CannotStart when it is no folder or cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise CannotStart(f"DATA_DIR is a file, not a folder: {folder}; {CHOOSE}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for inner in (places.run_dir(folder), places.logs_dir(folder)):
            inner.mkdir(mode=0o700, exist_ok=True)
        # Only trying it tells: root passes every permission, yet not a read-only disk.
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotStart(f"DATA_DIR cannot be written to ({reason}): {folder}; {CHOOSE}") from error


def make_socket_dir(data_dir: Path, *, owner: int, group: int) -> None:
    """Makes the folder of the sockets, which only `owner` (and root) may enter: the servers ask for no password.

    Raises CannotStart when it belongs to somebody else.
    """
    folder = places.socket_dir(data_dir)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid not in {os.geteuid(), owner}:
        raise CannotStart(f"{folder} belongs to somebody else; remove it, then: make up")
    folder.chmod(0o700)
    if found.st_uid != owner:
        os.chown(folder, owner, group)

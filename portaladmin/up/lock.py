"""One start per DATA_DIR."""

import fcntl
import json
import os
from pathlib import Path

from portaladmin.up.errors import CannotStart


class Lock:
    """A lock on a file in DATA_DIR, which also says who holds it.

    The kernel releases it when its holder dies, however that happens. Children do not inherit it: Python opens
    files so that they are closed on exec.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def take(self) -> bool:
        """Whether the lock is ours now.

        Raises CannotStart when this file system knows no locks.
        """
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        except OSError as error:
            os.close(file)
            raise CannotStart(
                f"{self.path} cannot be locked ({error.strerror}); put DATA_DIR on a local disk"
            ) from error
        self._file = file
        return True

    def write(self, **holder: str | int) -> None:
        """Writes down who holds the lock, for those who come later. The lock must be ours."""
        if self._file is not None:
            text = json.dumps(holder).encode()
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, text, 0)

    def holder(self) -> dict[str, str | int]:
        """What the holder wrote down; empty while it has not."""
        try:
            read: dict[str, str | int] = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return read

    def release(self) -> None:
        """Lets go of the lock; the file stays, since removing it would let two holders in."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

"""As whom PostgreSQL runs: it refuses root, and a user without a name."""

import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portaladmin.up import launch
from portaladmin.up.errors import CannotStart


@dataclass(frozen=True)
class Account:
    """Who owns PostgreSQL's files, and the words before its commands that make it run as that user."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def reaches(self, program: Path, folder: Path) -> bool:
        """Whether it may run the program, and enter the folder."""
        if not self.prefix:
            return True
        # The shell asks, since setpriv itself may still start what its user could not.
        question = 'cd "$2" && "$1" --version'
        environ = {"PATH": os.environ.get("PATH", os.defpath)}
        try:
            status, _ = launch.run(
                [*self.prefix, "sh", "-c", question, "sh", str(program), str(folder)],
                environ=environ,
                cwd=Path("/"),
            )
        except OSError:
            return False
        return status == 0


def choose(program: Path, data_dir: Path, cluster: Path) -> Account:
    """The account for the cluster's folder, which need not exist yet.

    Raises CannotStart when there is none that could run the program and enter DATA_DIR.
    """
    for account in _candidates(cluster):
        if account.reaches(program, data_dir):
            return account
    raise CannotStart(
        "PostgreSQL must not run as root, and no other user may enter the folders of this checkout and of DATA_DIR; "
        "run make up as an ordinary user, or move both out of root's home, or set DATABASE_URL"
    )


def _candidates(cluster: Path) -> Iterator[Account]:
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0 and _has_name(uid):
        yield Account(uid, gid)
        return
    owner = cluster.stat() if cluster.exists() else None
    if uid == 0 and owner is not None and owner.st_uid != 0 and _has_name(owner.st_uid):
        yield _other(owner.st_uid, owner.st_gid)
    # A namespace in which we have another number: the files stay ours, and no folder need be opened to anybody.
    yield Account(uid, gid, ("unshare", "--user", f"--map-user={_named_uid()}", "--"))
    if uid == 0:
        checkout = Path(__file__).stat()
        if checkout.st_uid != 0 and _has_name(checkout.st_uid):
            yield _other(checkout.st_uid, checkout.st_gid)
        named = pwd.getpwuid(_named_uid())
        yield _other(named.pw_uid, named.pw_gid)


def _other(uid: int, gid: int) -> Account:
    return Account(uid, gid, ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--"))


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _named_uid() -> int:
    """A user of this machine who is not root; initdb looks the name up."""
    for name in ("postgres", "nobody", "daemon"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0), 65534)

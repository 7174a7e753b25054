"""A copy of this checkout that an ordinary user may run, under a path with spaces."""

import os
import platform
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portaladmin.up import environment, places

NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "var", ".*_cache", "__pycache__", ".hypothesis", "htmlcov"
)


@contextmanager
def of_an_ordinary_user() -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The folder of the copy, and the words before a command that make it run as its owner.

    The packages are those of this run, by links, where the user may run the same Python; otherwise the first start
    installs them. Skips the test where there is no Python for that user.
    """
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:
        before = ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--")
    python = _python(before)
    outer = Path(tempfile.mkdtemp(prefix="portaladmin checkout ", dir="/tmp"))
    try:
        outer.chmod(0o755)
        folder = outer / "Portal Admin Center"
        shutil.copytree(places.BASE_DIR, folder, ignore=NOT_COPIED, symlinks=True)
        if _version((), python) == platform.python_version():
            _make_environment(folder, python)
        for parent, folders, files in os.walk(folder):
            # The linked packages are this checkout's own files.
            folders[:] = [name for name in folders if name != "site-packages"]
            for name in (".", *files):
                os.chown(Path(parent) / name, user.pw_uid, user.pw_gid, follow_symlinks=False)
        # The commands of the copy find their Python by this name.
        yield (
            folder,
            (*before, "env", f"PATH={python.parent}:/usr/bin:/bin", "HOME=/nonexistent", f"PYTHON={python}"),
        )
    finally:
        shutil.rmtree(outer, ignore_errors=True)


def _python(before: tuple[str, ...]) -> Path:
    """A Python that the user may run: that of this run, else the machine's."""
    for candidate in (Path(getattr(sys, "_base_executable", sys.executable)), Path("/usr/bin/python3")):
        if _version(before, candidate) >= "3.11":
            return candidate
    pytest.skip("no Python here that another user may run")


def _version(before: tuple[str, ...], python: Path) -> str:
    question = "import platform, venv, ensurepip; print(platform.python_version())"
    # By a shell, since setpriv itself may still start what its user could not.
    command = [*before, "sh", "-c", f'"$0" -c "{question}"', str(python)]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _make_environment(folder: Path, python: Path) -> None:
    venv = folder / ".venv"
    subprocess.run([str(python), "-I", "-m", "venv", "--without-pip", str(venv)], check=True)
    (packages,) = venv.glob("lib/python*/site-packages")
    shutil.rmtree(packages)
    source = sysconfig.get_path("purelib")
    # Links where the file system has them: the copy would be half a gigabyte.
    if subprocess.run(["cp", "-al", source, str(packages)], capture_output=True, check=False).returncode != 0:
        shutil.rmtree(packages, ignore_errors=True)
        subprocess.run(["cp", "-a", source, str(packages)], check=True)
    shutil.copy(environment.STATE, venv / environment.STATE.name)

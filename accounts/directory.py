"""Which directory this installation has."""

from accounts.adapters.embedded_directory import EmbeddedDirectory
from accounts.ports import Directory


def directory() -> Directory:
    """The directory's adapter."""
    return EmbeddedDirectory()

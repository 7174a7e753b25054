"""Which hosting this installation has."""

from provisioning.adapters.embedded_hosting import EmbeddedHosting
from provisioning.ports import Hosting


def hosting() -> Hosting:
    """The hosting's adapter."""
    return EmbeddedHosting()

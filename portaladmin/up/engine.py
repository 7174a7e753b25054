"""What the supervisor and the tests ask of an embedded server."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class Engine(Protocol):
    """An embedded server.

    `prepare` may be called again after the server has died; `environ` is all that its process gets to see.
    """

    name: str
    title: str
    stop_signal: signal.Signals
    folder: Path
    environ: Mapping[str, str]

    def prepare(self) -> None:
        """Makes its files where they are missing and takes away what a dead one left. No such server may run.

        Raises CannotStart.
        """

    def command(self) -> list[str]:
        """The command that runs it in the foreground."""

    def is_ready(self) -> bool:
        """Whether it answers now."""

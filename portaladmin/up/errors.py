"""Why a start does not go on."""


class CannotStart(Exception):
    """The start is refused or has failed. The text is one line for the person at the terminal: what is wrong and
    what to do; `details` are lines of a log below it.
    """

    def __init__(self, line: str, *, details: list[str] | None = None) -> None:
        super().__init__(line)
        self.details = details or []


class StopRequested(Exception):
    """Somebody wants the end: Ctrl-C, a termination, or the end of the terminal or of make."""

"""What a step may raise, and what the engine makes of it.

Adapters of every room raise subclasses of these, so that `jobs.retry` can judge an error without knowing
where it came from.
"""


class JobError(Exception):
    """Base of everything that a step says on purpose.

    `code` is a short, stable name (it is stored and shown as `data-error-code`); the message is one sentence
    for the person who looks at the job.
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code

    @property
    def message(self) -> str:
        return str(self)


class Transient(JobError):
    """It may work later: connection lost, overloaded, throttled. Tried again with growing pauses.

    `retry_after` is what the other side asked for, in seconds.
    """

    code = "unavailable"

    def __init__(self, message: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Permanent(JobError):
    """It will not work however often it is tried: the job fails at once."""

    code = "rejected"


class Blocked(JobError):
    """An administrator must act first (a right is missing, a sign-in is refused)."""

    code = "denied"


class NotYet(Exception):
    """Nothing is wrong: the other side is still working. The step is run again after `seconds`.

    Not an error: it is not counted as an attempt and is told to nobody.
    """

    def __init__(self, seconds: float = 1.0, *, note: str = "") -> None:
        super().__init__(note or "The other side is still working.")
        self.seconds = seconds


class LostLease(Exception):
    """The worker no longer owns this job: it must stop at once and leave everything as it is."""


class Stopped(Exception):
    """The worker is told to go (a deploy): the step gives the job back without a charge."""

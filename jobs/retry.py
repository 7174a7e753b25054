"""What becomes of a job when a step raises. Pure: a function from an error and a count to a decision."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from jobs.errors import Blocked, JobError, NotYet, Permanent, Transient

TRIES = 8  # of one step, before a transient error counts as permanent
LONGEST_PAUSE = 300.0  # seconds
LONGEST_ASKED_PAUSE = 3600.0  # seconds; what another side may ask of us with Retry-After

Uniform = Callable[[float, float], float]


@dataclass(frozen=True)
class Again:
    """Run the step again in `delay` seconds. `charged`: it counts as one of the tries."""

    delay: float
    code: str
    message: str
    charged: bool = True


@dataclass(frozen=True)
class GiveUp:
    """The job ends: blocked if an administrator can clear the way, failed otherwise."""

    code: str
    message: str
    blocked: bool = False


Decision = Again | GiveUp


def pause(errors: int, uniform: Uniform = random.uniform) -> float:
    """Seconds before the next try after so many errors: full jitter under a bound that doubles."""
    bound: float = min(LONGEST_PAUSE, 2.0 * 2.0 ** min(errors, 20))
    return uniform(0, bound)


def decide(error: BaseException, *, errors: int, uniform: Uniform = random.uniform) -> Decision:
    """Judge what a step raised, after `errors` earlier errors of the same step."""
    match error:
        case NotYet():
            return Again(max(0.0, error.seconds), "not_yet", str(error), charged=False)
        case Blocked():
            return GiveUp(error.code, error.message, blocked=True)
        case Permanent():
            return GiveUp(error.code, error.message)
        case Transient() | ConnectionError() | TimeoutError():
            return _transient(error, errors, uniform)
        case JobError():
            return GiveUp(error.code, error.message)
        case _:
            # A mistake of ours: trying again would only repeat it. The log has the traceback.
            return GiveUp(
                "unexpected", "Something went wrong that should not. The log tells more under the Error ID."
            )


def _transient(error: Exception, errors: int, uniform: Uniform) -> Decision:
    code = error.code if isinstance(error, Transient) else Transient.code
    message = str(error) or "The connection failed."
    if errors + 1 >= TRIES:
        return GiveUp(code, f"{message} It was tried {TRIES} times.")
    asked = error.retry_after if isinstance(error, Transient) else None
    delay = pause(errors, uniform)
    if asked is not None:
        delay = max(delay, min(asked, LONGEST_ASKED_PAUSE))
    return Again(delay, code, message)

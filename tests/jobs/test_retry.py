import pytest

from jobs.errors import Blocked, JobError, NotYet, Permanent, Transient
from jobs.retry import LONGEST_ASKED_PAUSE, LONGEST_PAUSE, TRIES, Again, GiveUp, decide, pause


def highest(low: float, high: float) -> float:
    return high


def lowest(low: float, high: float) -> float:
    return low


@pytest.mark.parametrize(
    ("errors", "bound"), [(0, 2), (1, 4), (2, 8), (6, 128), (7, 256), (8, 300), (500, 300)]
)
def test_the_pause_doubles_up_to_a_bound(errors: int, bound: float) -> None:
    assert pause(errors, highest) == bound <= LONGEST_PAUSE
    assert pause(errors, lowest) == 0


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (Transient("Later.", code="busy"), Again(2, "busy", "Later.")),
        (ConnectionResetError("gone"), Again(2, "unavailable", "gone")),
        (TimeoutError(), Again(2, "unavailable", "The connection failed.")),
        (NotYet(3.5, note="importing"), Again(3.5, "not_yet", "importing", charged=False)),
        (Permanent("No.", code="never"), GiveUp("never", "No.")),
        (Blocked("Ask.", code="no_right"), GiveUp("no_right", "Ask.", blocked=True)),
        (JobError("Hm."), GiveUp("error", "Hm.")),
    ],
)
def test_each_error_has_its_decision(error: Exception, decision: object) -> None:
    assert decide(error, errors=0, uniform=highest) == decision


def test_a_mistake_of_ours_is_not_repeated_and_not_shown() -> None:
    decision = decide(ZeroDivisionError("secret detail"), errors=0)
    assert isinstance(decision, GiveUp)
    assert decision.code == "unexpected"
    assert "secret" not in decision.message


def test_a_transient_error_is_permanent_in_the_end() -> None:
    assert isinstance(decide(Transient("Later."), errors=TRIES - 2), Again)
    last = decide(Transient("Later."), errors=TRIES - 1)
    assert isinstance(last, GiveUp)
    assert not last.blocked
    assert str(TRIES) in last.message


@pytest.mark.parametrize(("asked", "delay"), [(10.0, 10.0), (0.5, 2.0), (86400.0, LONGEST_ASKED_PAUSE)])
def test_what_the_other_side_asks_for_is_honoured_within_reason(asked: float, delay: float) -> None:
    decision = decide(Transient("Later.", retry_after=asked), errors=0, uniform=highest)
    assert isinstance(decision, Again)
    assert decision.delay == delay

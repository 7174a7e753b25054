from jobs.listening import Listening


def deaf(
    listening: Listening, now: float, *, backlog: int | None = 1, busy: bool = False, taken: int = 7
) -> bool:
    return listening.is_deaf(backlog=backlog, busy=busy, taken=taken, now=now)


def test_messages_that_wait_while_nothing_is_done_make_a_worker_deaf() -> None:
    listening = Listening(patience=10)
    assert [deaf(listening, now) for now in (0, 1, 10, 11)] == [False, False, False, True]


def test_whoever_is_busy_takes_something_or_has_nothing_to_hear_is_not_deaf() -> None:
    for change in ({"busy": True}, {"taken": 8}, {"backlog": 0}, {"backlog": None}):
        listening = Listening(patience=10)
        deaf(listening, 0)
        deaf(listening, 1)
        assert not deaf(listening, 20, **change)
        assert not deaf(listening, 21)

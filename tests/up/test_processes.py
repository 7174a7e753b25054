"""The table of processes, and what is said about people."""

import pytest

from portaladmin.processes import PROCESSES, SCHEDULER, WORKER, Process
from portaladmin.up import welcome


def test_variables_have_defaults_and_values() -> None:
    assert WORKER.arguments({})[WORKER.arguments({}).index("--concurrency") + 1] == "2"
    assert "7" in WORKER.arguments({"WORKER_CONCURRENCY": "7"})
    assert "2" in WORKER.arguments({"WORKER_CONCURRENCY": ""})


def test_a_value_with_spaces_stays_one_word() -> None:
    assert "/a b/scheduler/schedule" in SCHEDULER.arguments({"DATA_DIR": "/a b"})


def test_a_variable_without_a_default_must_be_set() -> None:
    with pytest.raises(KeyError, match="DATA_DIR"):
        SCHEDULER.arguments({})


def test_their_names_are_those_of_their_logs() -> None:
    assert [process.name for process in PROCESSES] == ["web", "edge", "worker", "scheduler"]
    assert Process("x", "python 'a b' ${N:-c}").arguments({}) == ["python", "a b", "c"]


def test_the_welcome_names_what_the_installation_was_given() -> None:
    environ = {"DEMO_PASSWORD": "pw", "PORTAL_BASE_DOMAIN": "p.example", "ADMIN_URL": "https://admin.example"}
    text = "\n".join(welcome.lines(environ, 8010))
    assert "https://admin.example/" in text
    assert "<name>.p.example:8010/" in text
    assert "password: pw" in text

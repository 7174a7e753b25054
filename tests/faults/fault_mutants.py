"""The tests themselves under test: an engine with one of its guards taken out must fail the test that is named.

Each mutant is a copy of the sources with a few words changed, on which pytest runs anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

_SOURCES = (
    "accounts docs domains jobs organizations portaladmin provisioning sites static templates tests".split()
)
_SOURCES += ["manage.py", "pyproject.toml"]


@dataclass(frozen=True)
class Mutant:
    """What is taken out of which file, as a regular expression, and the test that must notice."""

    name: str
    file: str
    pattern: str
    instead: str
    test: str


KILL = "tests/faults/fault_kill.py::"
RUNNER = "tests/jobs/test_runner.py::"
MUTANTS = [
    Mutant(
        "without the fence",
        "jobs/transitions.py",
        r" AND fence = %\(fence\)s",
        "",
        RUNNER + "test_a_stale_fence_is_refused",
    ),
    Mutant(
        "without the heartbeat",
        "jobs/heartbeat.py",
        r"if watch\.due and not watch\.lost:",
        "if False:",
        KILL + "test_a_step_longer_than_the_lease_is_done_once",
    ),
    Mutant(
        "without the reconciler",
        "jobs/worker.py",
        r"^            reconcile\(\)$",
        "            pass",
        KILL + "test_the_job_of_a_dead_process_goes_on_within_two_seconds",
    ),
    Mutant(
        "without the unique constraint",
        "jobs/migrations/0001_initial.py",
        r"models\.UniqueConstraint\(\s*condition=[^\n]*\s*fields=\(\"exclusive_key\",\),\s*name=[^\n]*\s*\)",
        'models.CheckConstraint(condition=models.Q(version__gte=0), name="jobs_job_one_active_per_key")',
        "tests/jobs/test_services.py::test_sixteen_callers_at_once_make_one_job",
    ),
    Mutant(
        "without the quarantine",
        "jobs/reconciler.py",
        r"job\.fruitless_claims >= CLAIMS_BEFORE_QUARANTINE",
        "False",
        "tests/jobs/test_reconciler.py::test_a_poison_job_is_quarantined_after_four_dead_workers",
    ),
    Mutant(
        "without the guard of steps that must not be repeated",
        "jobs/runner.py",
        r"row\.error_code == INTERRUPTED",
        "False",
        RUNNER + "test_a_step_that_must_not_be_repeated_blocks_the_job_after_its_worker_was_lost",
    ),
    Mutant(
        "without the search for a checkpoint whose answer was lost",
        "jobs/runner.py",
        r"if changed is None and unsure:",
        "if False:",
        "tests/faults/fault_database.py::test_a_commit_whose_answer_is_lost[advanced]",
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_the_suite_notices(mutant: Mutant, tmp_path: Path) -> None:
    for name in _SOURCES:
        source = settings.BASE_DIR / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    file = tmp_path / mutant.file
    text, count = re.subn(mutant.pattern, mutant.instead, file.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert count, "the words to take out are not there any more"
    file.write_text(text)
    ours = ("DATABASE_URL", "REDIS_URL", "DATA_DIR", "PYTHONPATH", "SECRET_KEY", "ENCRYPTION_KEYS")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider", mutant.test],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name not in ours},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"FAILED {mutant.test}" in done.stdout, done.stdout

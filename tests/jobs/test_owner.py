import os
import subprocess
import sys

import pytest

from jobs.owner import Owner, prefix_here


def test_this_process_is_alive_and_reads_back_what_it_wrote() -> None:
    owner = Owner.here()
    assert Owner.parse(str(owner)) == owner
    assert str(owner).startswith(prefix_here())
    assert not owner.is_dead()


def test_a_process_that_ended_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    here = Owner.here()
    with open(f"/proc/{child.pid}/stat") as file:  # noqa: PTH123 - procfs
        started = int(file.read().rpartition(")")[2].split()[19])
    owner = Owner(here.neighbourhood, child.pid, started)
    assert not owner.is_dead()
    child.communicate()
    assert owner.is_dead()


def test_a_pid_that_was_given_to_another_process_is_dead() -> None:
    here = Owner.here()
    assert Owner(here.neighbourhood, os.getpid(), here.started + 1).is_dead()


def test_of_another_host_nothing_is_known() -> None:
    assert not Owner("other-boot/1", 999_999_999, 1).is_dead()


def test_what_is_no_owner_does_not_parse() -> None:
    with pytest.raises(ValueError, match=r".*"):
        Owner.parse("nonsense")

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domains.certificates import opening
from domains.certificates.opening import open_pfx
from domains.certificates.prescan import Outline, outline
from domains.certificates.refusals import FileRefused
from tests.domains import der
from tests.domains.authority import Issued, authority
from tests.domains.corpus import BOMB, HOST, SECRET, packed
from tests.waiting import until


@pytest.fixture(scope="module")
def root() -> Issued:
    return authority()


@pytest.fixture(scope="module")
def file(root: Issued) -> bytes:
    return packed(root.issue(HOST, [HOST]), [root.certificate], SECRET)


def hidden_bomb() -> bytes:
    """Correctly encrypted on its outside, so that only opening it shows what it is."""
    algorithm = der.pbes2(der.pbkdf2(b"s" * 16, BOMB), b"i" * 16)
    inside = der.seq(der.shrouded_bag(algorithm, b"x" * 64))
    return der.pfx(der.encrypted_info(*der.encrypted(inside, SECRET)))


def test_an_opened_file_does_not_show_its_key(file: bytes) -> None:
    found = open_pfx(file, SECRET)
    assert len(found.certificates) == 2
    assert repr(found) == "Opened(2 certificates)"


def _is_ours(process: Path) -> bool:
    with contextlib.suppress(OSError):
        return f"PPid:\t{os.getpid()}\n" in (process / "status").read_text()
    return False


def test_a_bomb_that_hides_is_ended_and_the_process_with_it() -> None:
    began = time.monotonic()
    with pytest.raises(FileRefused) as refused:
        open_pfx(hidden_bomb(), SECRET)
    assert refused.value.code == "kdf_too_costly"
    assert time.monotonic() - began < opening.WALL + 1
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _is_ours(path.parent)]
    assert not [command for command in commands if opening._CHILD.encode() in command]


def test_while_bombs_are_opened_others_are_told_to_come_back(
    file: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_turns", threading.BoundedSemaphore(1))
    monkeypatch.setattr(opening, "WAIT", 0.1)
    with opening._turns, pytest.raises(FileRefused) as refused:
        open_pfx(file, SECRET)
    assert refused.value.code == "busy"
    assert open_pfx(file, SECRET).keys == 1


def in_place_of_the_child(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    script = folder / "instead.py"
    script.write_text(program)
    monkeypatch.setattr(opening, "_CHILD", str(script))


@pytest.mark.parametrize(
    "answer",
    [
        "nonsense",
        "[]",
        "7",
        '"error"',
        "{}",
        '{"error": "no code of ours"}',
        '{"error": ["empty"]}',
        '{"key": 7, "certificates": []}',
        '{"key": "eA==", "certificates": 7}',
        '{"key": "not base64", "certificates": ["x"]}',
        '{"key": "\\u00e4", "certificates": ["x"]}',
        "[" * 100_000,
    ],
)
def test_nonsense_of_a_child_that_was_taken_over_is_a_file_that_does_not_open(
    file: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str
) -> None:
    in_place_of_the_child(monkeypatch, tmp_path, f"print({answer!r})")
    with pytest.raises(FileRefused) as refused:
        open_pfx(file, SECRET)
    assert refused.value.code == "bad_password_or_damaged"


def test_an_answer_without_an_end_is_read_no_further(
    file: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_place_of_the_child(monkeypatch, tmp_path, "import os\nwhile os.write(1, b'x' * 60_000): pass")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FileRefused) as refused:
        open_pfx(file, SECRET)
    assert refused.value.code == "bad_password_or_damaged"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def test_more_certificates_than_a_child_may_tell_are_not_looked_at(
    file: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_place_of_the_child(
        monkeypatch, tmp_path, """print('{"key": "", "certificates": [' + '"",' * 999 + '""]}')"""
    )
    with pytest.raises(FileRefused) as refused:
        open_pfx(file, SECRET)
    assert refused.value.code == "too_many_certs"


def test_what_a_child_leaves_behind_is_ended_and_not_waited_for(
    file: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A process that a file began, and that holds the other end of what we read."""
    number = tmp_path / "pid"
    in_place_of_the_child(
        monkeypatch,
        tmp_path,
        f"import os, time\nif pid := os.fork():\n open({str(number)!r}, 'w').write(str(pid))\n"
        "else:\n while True: time.sleep(60)",
    )
    monkeypatch.setattr(opening, "WALL", 2.0)
    began = time.monotonic()
    with pytest.raises(FileRefused):
        open_pfx(file, SECRET)
    assert time.monotonic() - began < 5
    # Nobody of ours is its parent any more, so whoever is has to bury it; until then it is a zombie.
    until(lambda: _is_gone(int(number.read_text())), what="its end")


def _is_gone(process: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True


def test_a_machine_without_time_for_an_ordinary_file_says_so_instead_of_blaming_the_file(
    file: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_place_of_the_child(monkeypatch, tmp_path, "import time\ntime.sleep(60)")
    monkeypatch.setattr(opening, "WALL", 0.5)
    with pytest.raises(FileRefused) as refused:
        open_pfx(file, SECRET)
    assert refused.value.code == "busy"


def test_a_machine_without_room_for_a_process_says_so(file: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*args: object, **options: object) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", none_left)
    with pytest.raises(FileRefused) as refused:
        open_pfx(file, SECRET)
    assert refused.value.code == "busy"


@pytest.mark.parametrize("ends", ["os.kill(os.getpid(), 9)", "os.abort()"])
def test_a_child_that_is_killed_has_met_a_limit(
    file: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ends: str
) -> None:
    in_place_of_the_child(monkeypatch, tmp_path, f"import os\n{ends}")
    with pytest.raises(FileRefused) as refused:
        open_pfx(file, SECRET)
    assert refused.value.code == "kdf_too_costly"


# In place of the child's own answer: what a crafted file could do at most, if it took the process over.
HOSTILE = """
import os, socket

def answer(data, password):
    worked = []
    for name, act in (
        ("read", lambda: open("/etc/passwd")),
        ("connect", socket.socket),
        ("duplicate", lambda: os.dup(0)),
        ("inherit", lambda: os.fstat(int(password))),
    ):
        try:
            act()
            worked.append(name)
        except OSError:
            pass
    return {"worked": worked, "environ": sorted(set(os.environ) - {"LC_CTYPE"})}
"""


def test_the_child_has_neither_our_environment_nor_our_files_and_opens_none(tmp_path: Path) -> None:
    source, script = Path(opening._CHILD).read_text(), tmp_path / "child.py"
    end = '\nif __name__ == "__main__":\n    main()'
    assert end in source
    script.write_text(source.replace(end, HOSTILE + end))
    with (tmp_path / "held").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        number = str(held.fileno()).encode()
        command = [sys.executable, "-I", "-S", "-X", "utf8", str(script), opening._PACKAGES]
        ran = subprocess.run(
            command,
            input=len(number).to_bytes(4, "big") + number,
            capture_output=True,
            env={},
            cwd="/",
            close_fds=True,
            check=True,
        )
    assert json.loads(ran.stdout) == {"worked": [], "environ": []}


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(FileRefused):
        outline(data)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_file_is_outlined_or_refused(file: bytes, data: st.DataObject) -> None:
    changed = bytearray(file)
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(FileRefused):
        assert isinstance(outline(bytes(changed)), Outline)

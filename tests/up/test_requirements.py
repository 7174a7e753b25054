"""The locks: whole, hashed, and without the address of any package registry."""

import re

import pytest

from portaladmin.up import places

FOLDER = places.BASE_DIR / "requirements"
LOCKS = ("base.txt", "dev.txt")


def lines_of(name: str) -> list[tuple[str, str]]:
    """The packages of a lock with their versions; one may be there twice, for different versions of Python."""
    return re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", (FOLDER / name).read_text(), re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(lines_of(name))


def test_no_file_names_a_registry() -> None:
    files = sorted(path.name for path in FOLDER.iterdir())
    assert files == ["base.in", "base.txt", "bench.in", "bench.txt", "dev.in", "dev.txt"]
    for path in FOLDER.iterdir():
        text = path.read_text()
        assert "://" not in text, path.name
        assert not re.search(
            r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links)\b", text, re.MULTILINE
        ), path.name


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_of_a_lock_has_hashes(name: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", (FOLDER / name).read_text(), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(lines_of(name)) > 20
    for block in blocks:
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_both_locks_name_the_same_versions() -> None:
    base, dev = pins("base.txt"), pins("dev.txt")
    assert {name: dev.get(name) for name in base} == base


@pytest.mark.parametrize("name", ["base", "dev"])
def test_every_wish_is_in_its_lock_and_gives_its_reason(name: str) -> None:
    lines = (FOLDER / f"{name}.in").read_text().splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if match := re.match(r"[A-Za-z0-9-]+", line):
            if not line.startswith("-"):
                assert match[0].lower() in pins(f"{name}.txt")
            # mypy's plugin and its like may stand below one reason.
            assert before.startswith(("#", "-")) or re.match(r"[a-z]", before), line

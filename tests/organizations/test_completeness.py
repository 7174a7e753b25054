"""Sources that leave something out in one language are refused, and the refusal says what and where."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from organizations.packages import builder, catalog
from organizations.packages.completeness import Incomplete

Change = Callable[[Path], object]


def without(path: str, pattern: str) -> Change:
    """Takes the first line that begins so out of a file."""

    def change(folder: Path) -> None:
        file = folder / path
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(rf"^{pattern}.*\n", "", text, count=1, flags=re.MULTILINE), encoding="utf-8")

    return change


def saying(path: str, words: str) -> Change:
    return lambda folder: (folder / path).write_text(words, encoding="utf-8")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return Path(shutil.copytree(catalog.SOURCES / "CustomPortal", tmp_path / "CustomPortal"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (without("package.toml", "1031"), "CustomPortal, descriptions, has an unexpected 1031."),
        (without("labels.toml", "1031"), "The label adx_website.Description lacks 1031."),
        (without("samples/1031/texts.toml", "summary"), "sample data 1031, page home lacks summary."),
        (without("samples/1031/texts.toml", r"\[snippets\]"), "page privacy has an unexpected Header/Title."),
        (without("samples/1031/texts.toml", '"Header/Title"'), "1031, snippets lacks Header/Title."),
        (lambda folder: (folder / "samples/1031/about.html").unlink(), "sample data 1031, copy lacks about."),
        (saying("samples/1031/about.html", " \n"), "sample data 1031, copy has no words for about."),
        (saying("samples/1031/more.html", "<p>More</p>"), "1031, copy has an unexpected more."),
        (
            saying("samples/1031/texts.toml", ""),
            "1031, lacks about, lacks contact, lacks home, lacks privacy.",
        ),
    ],
)
def test_a_gap_is_refused_and_named(sources: Path, change: Change, sentence: str) -> None:
    builder.build(sources)
    change(sources)
    with pytest.raises(Incomplete, match=re.escape(sentence)):
        builder.build(sources)

"""The layer of labels that a package makes in an organization. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from organizations.packages.package import LabelText, Package

Key = tuple[str, str]  # component, column
Texts = Mapping[Key, str]


@dataclass(frozen=True)
class Change:
    """One label that a layer must have; `is_new` where it had none."""

    component: str
    column: str
    lcid: int
    text: str
    is_new: bool


def wanted(package: Package, enabled: Set[int], base_language: int) -> dict[int, Texts]:
    """Texts by language, for the enabled languages that the package knows and for the base language."""
    by_language: dict[int, dict[Key, str]] = {}
    for label in _with_base(package, base_language):
        if label.lcid in enabled:
            by_language.setdefault(label.lcid, {})[label.component, label.column] = label.text
    return dict(sorted(by_language.items()))


def _with_base(package: Package, base_language: int) -> Iterable[LabelText]:
    # Everything has a name in the base language, be it a foreign one; what the package says itself comes after it.
    if base_language != package.base_language:
        for label in package.labels:
            if label.lcid == package.base_language:
                yield LabelText(label.component, label.column, base_language, label.text)
    yield from package.labels


def skipped(package: Package, enabled: Set[int]) -> dict[int, int]:
    """How many labels are left out, by language."""
    return dict(Counter(label.lcid for label in package.labels if label.lcid not in enabled))


def digests(by_language: Mapping[int, Texts]) -> dict[str, str]:
    """A digest of the texts of each language (LCIDs as text, as JSON has them)."""
    return {str(lcid): _digest(texts) for lcid, texts in by_language.items()}


def _digest(texts: Texts) -> str:
    digest = hashlib.sha256()
    for (component, column), text in sorted(texts.items()):
        # No XML text holds these separators.
        digest.update(f"{component}\x1f{column}\x1f{text}\x1e".encode())
    return digest.hexdigest()


def difference(lcid: int, *, there: Texts, wanted: Texts) -> list[Change]:
    """What one language of a layer lacks, or says otherwise; what it has too much is not in it."""
    return [
        Change(*key, lcid, text, key not in there) for key, text in wanted.items() if there.get(key) != text
    ]

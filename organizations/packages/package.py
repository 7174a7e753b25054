"""What a solution package says, once it has been read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from organizations.languages import ENGLISH


@dataclass(frozen=True)
class Requirement:
    """A solution that must be there first, in this version or a later one."""

    unique_name: str
    version: str


@dataclass(frozen=True)
class LabelText:
    """One text of one component: `component` is an entity's logical name, `column` "LocalizedName", say."""

    component: str
    column: str
    lcid: int
    text: str


@dataclass(frozen=True)
class SampleRecord:
    """One record of sample data. `key` names it within a portal; `references` name others by their keys."""

    entity: str
    key: str
    attributes: Mapping[str, Any]
    references: Mapping[str, str]


@dataclass(frozen=True)
class Package:
    """A solution package."""

    unique_name: str
    version: str
    base_language: int
    managed: bool
    names: Mapping[int, str]
    requires: tuple[Requirement, ...]
    labels: tuple[LabelText, ...]
    samples: Mapping[int, tuple[SampleRecord, ...]]

    def friendly_name(self, lcid: int = ENGLISH) -> str:
        """The name in that language, else in the package's own, else the unique name."""
        return self.names.get(lcid) or self.names.get(self.base_language) or self.unique_name

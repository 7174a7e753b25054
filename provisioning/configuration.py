"""What a person configured: the values of the configure form, checked, as the jobs get them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Configuration:
    """One portal's values. `language` is an LCID, `administrator_id` a system user of the organization."""

    name: str
    subdomain: str
    instance_id: UUID
    language: int
    administrator_id: UUID
    administrator_name: str
    audience: str
    template: str
    add_ons: tuple[str, ...] = ()
    development_status: str = ""
    early_upgrade: bool = False

    def to_json(self) -> dict[str, Any]:
        ids = {"instance_id": str(self.instance_id), "administrator_id": str(self.administrator_id)}
        return {**asdict(self), **ids, "add_ons": list(self.add_ons)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Configuration:
        """From the inputs of a job, which may hold more. Raises KeyError, ValueError."""
        own = {name: values[name] for name in cls.__dataclass_fields__}
        own["add_ons"] = tuple(own["add_ons"])
        own["instance_id"] = UUID(own["instance_id"])
        own["administrator_id"] = UUID(own["administrator_id"])
        return cls(**own)

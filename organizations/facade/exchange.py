"""One request to the Web API and its answer, whether it came alone or in a batch. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from organizations.facade.odata.faults import Fault, bad_payload

MAX_FILE = 20 * 1024 * 1024  # bytes of a package or a translation file
# Bytes of a body: a file of that size grows by a third as base64, and has some JSON around it.
MAX_BODY = MAX_FILE * 4 // 3 + 1024 * 1024
MAX_PAGE = 5000  # rows, as Dataverse has it


@dataclass(frozen=True)
class Call:
    """`path` stands behind `/api/data/v9.2/`, decoded; `root` is the address before it; headers in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    root: str

    def payload(self) -> dict[str, Any]:
        """The JSON object that was sent; an empty body is an empty one. Raises Fault."""
        if not self.body.strip():
            return {}
        try:
            payload = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise bad_payload("The body is not valid JSON.") from error
        if not isinstance(payload, dict):
            raise bad_payload("The body is not a JSON object.")
        return payload

    @property
    def wants_representation(self) -> bool:
        return "return=representation" in self.headers.get("prefer", "")

    @property
    def continues_on_error(self) -> bool:
        return "odata.continue-on-error" in self.headers.get("prefer", "")

    @property
    def page_size(self) -> int:
        """Rows of one page: what the caller prefers, at most `MAX_PAGE`."""
        match = re.search(r"odata\.maxpagesize=(\d{1,6})", self.headers.get("prefer", ""))
        return min(max(int(match[1]), 1), MAX_PAGE) if match else MAX_PAGE

    @property
    def if_match(self) -> str:
        return self.headers.get("if-match", "")

    @property
    def if_none_match(self) -> str:
        """ "null" is what Dataverse's samples send to say nothing."""
        value = self.headers.get("if-none-match", "")
        return "" if value == "null" else value


@dataclass(frozen=True)
class Reply:
    """`body` is JSON (a mapping), text, or nothing at all."""

    status: int
    body: Mapping[str, Any] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


def of_fault(fault: Fault) -> Reply:
    return Reply(fault.status, {"error": {"code": fault.code, "message": fault.message}}, fault.headers)


def etag(version: int) -> str:
    return f'W/"{version}"'

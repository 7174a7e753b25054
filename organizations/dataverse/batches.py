"""The client's side of `$batch`. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_REQUESTS = 1000  # of one batch, as Dataverse has it
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


@dataclass(frozen=True)
class Request:
    """`address` is relative to the API's root, or absolute; encoded."""

    method: str
    address: str
    payload: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """`headers` by names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def write(requests: Sequence[Request], mark: str, *, together: bool) -> bytes:
    """The body; `together` makes one change set of all."""
    if not together:
        parts = [f"--{mark}\r\n{_part(request)}" for request in requests]
        return ("".join(parts) + f"--{mark}--\r\n").encode()
    inner = f"changeset_{mark}"
    parts = [f"--{inner}\r\n{_part(request, number)}" for number, request in enumerate(requests, start=1)]
    content = "".join(parts) + f"--{inner}--\r\n"
    return (
        f"--{mark}\r\nContent-Type: multipart/mixed; boundary={inner}\r\n\r\n{content}--{mark}--\r\n".encode()
    )


def _part(request: Request, number: int = 0) -> str:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {number}"] if number else []
    lines += ["", f"{request.method} {request.address} HTTP/1.1", "Accept: application/json"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.payload is not None:
        lines += ["Content-Type: application/json; type=entry", "", json.dumps(request.payload)]
    else:
        lines += ["", ""]
    return "\r\n".join(lines) + "\r\n"


def read(body: bytes, content_type: str) -> list[Answer]:
    """The answers in order, those of change sets among them. Raises ValueError for what is no batch."""
    return _read(body, content_type, within=False)


def _read(body: bytes, content_type: str, *, within: bool) -> list[Answer]:
    match = re.search(r'boundary=(?:"([^"]+)"|([^\s;]+))', content_type)
    if match is None:
        raise ValueError("no boundary")
    answers: list[Answer] = []
    for part in _parts(body, (match[1] or match[2]).encode()):
        headers, content = _cut(part)
        inner = headers.get("content-type", "")
        if "multipart/mixed" not in inner:
            answers.append(_answer(content))
        elif within:
            raise ValueError("a change set within a change set")
        else:
            answers += _read(content, inner, within=True)
    return answers


def _parts(body: bytes, mark: bytes) -> list[bytes]:
    pieces = re.split(rb"(?:^|\r?\n)--" + re.escape(mark) + rb"(?:--)?[ \t]*(?=\r?\n|$)", body)
    return [piece.lstrip(b"\r\n") for piece in pieces[1:] if piece.strip()]


def _cut(part: bytes) -> tuple[dict[str, str], bytes]:
    head, _, content = part.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").splitlines()
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    return headers, content


def _answer(content: bytes) -> Answer:
    content = content.lstrip(b"\r\n")
    match = _STATUS.match(content)
    if match is None:
        raise ValueError("no status")
    _, _, rest = content.partition(b"\r\n")
    headers, body = _cut(rest if not rest.startswith(b"\r\n") else b"\r\n" + rest)
    return Answer(int(match[1]), headers, body.strip(b"\r\n"))

"""The body of a `$batch`: requests in parts, some of them together in change sets. Pure.

OData 4.0, 11.7, as Dataverse reads and writes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

from organizations.facade.exchange import Call, Reply
from organizations.facade.odata.faults import bad_query

MAX_REQUESTS = 1000  # of one batch, as Dataverse has it
MAX_LINE = 100_000  # bytes of a request's line; Dataverse takes addresses of 64 KB in a batch, and encoding adds to it
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^\s;,]{1,200}))', re.IGNORECASE)
_REQUEST_LINE = re.compile(r"(GET|POST|PATCH|PUT|DELETE) (\S.*?)(?: HTTP/1\.[01])?")
API = "/api/data/"


@dataclass(frozen=True)
class Part:
    """One request; `content_id` is how later requests of its change set name its record."""

    call: Call
    content_id: str


@dataclass(frozen=True)
class ChangeSet:
    """Requests that are done together or not at all."""

    parts: tuple[Part, ...]


def boundary(content_type: str) -> str:
    """Raises Fault for what is no multipart body."""
    match = _BOUNDARY.search(content_type)
    if match is None or "multipart/mixed" not in content_type.lower():
        raise bad_query("A batch is multipart/mixed and names its boundary.")
    return match[1] or match[2]


def read(body: bytes, content_type: str, root: str) -> list[Part | ChangeSet]:
    """Raises Fault for a body that is not a batch, and for one with too many requests."""
    found: list[Part | ChangeSet] = []
    total = 0
    for headers, content in _parts(body, boundary(content_type)):
        if "multipart/mixed" in headers.get("content-type", "").lower():
            inner = _parts(content, boundary(headers["content-type"]))
            parts = tuple(_request(its_headers, its_content, root) for its_headers, its_content in inner)
            if any(part.call.method == "GET" for part in parts):
                raise bad_query("A change set holds changes only.")
            found.append(ChangeSet(parts))
            total += len(parts)
        else:
            found.append(_request(headers, content, root))
            total += 1
        if total > MAX_REQUESTS:
            raise bad_query(f"The batch has more than {MAX_REQUESTS} requests.")
    return found


def _parts(body: bytes, mark: str) -> list[tuple[dict[str, str], bytes]]:
    """Headers and content of each part. Some clients write lines with a mere line feed."""
    delimiter = re.compile(rb"(?:^|\r?\n)--" + re.escape(mark.encode()) + rb"(--)?[ \t]*(?:\r?\n|$)")
    found: list[tuple[dict[str, str], bytes]] = []
    start: int | None = None
    for match in delimiter.finditer(body):
        if len(found) > MAX_REQUESTS:
            raise bad_query(f"The batch has more than {MAX_REQUESTS} requests.")
        if start is not None:
            found.append(_headers(body[start : match.start()]))
        if match[1]:
            return found
        # The line's end may begin the next mark.
        start = match.end()
    if start is None:
        raise bad_query("The batch holds no part with its boundary.")
    raise bad_query("The batch ends before its closing boundary.")


def _headers(content: bytes) -> tuple[dict[str, str], bytes]:
    head, _, rest = _cut(content)
    headers = {}
    for line in head.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers, rest


def _cut(content: bytes) -> tuple[bytes, bytes, bytes]:
    """At the first empty line."""
    if match := re.search(rb"\r?\n\r?\n", content):
        return content[: match.start()], b"", content[match.end() :]
    return content, b"", b""


def _request(headers: Mapping[str, str], content: bytes, root: str) -> Part:
    if "application/http" not in headers.get("content-type", "").lower():
        raise bad_query("A part of a batch is application/http.")
    content = content.lstrip(b"\r\n")
    line, _, rest = content.partition(b"\n")
    if len(line) > MAX_LINE:
        raise bad_query(f"A request of the batch has an address of more than {MAX_LINE} bytes.")
    match = _REQUEST_LINE.fullmatch(line.decode("utf-8", "replace").strip())
    if match is None:
        raise bad_query("A part of a batch begins with a request such as GET accounts HTTP/1.1.")
    own, body = _headers(rest.lstrip(b"\r") if not rest.startswith((b"\n", b"\r\n")) else b"\n" + rest)
    path, query = target(match[2], root)
    call = Call(match[1], path, query, own, body.strip(b"\r\n"), root)
    return Part(call, headers.get("content-id", own.get("content-id", "")))


def target(address: str, root: str) -> tuple[str, dict[str, str]]:
    """Path behind the API's root, and query, of an absolute or relative address. Raises Fault for what is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        raise bad_query(f"'{address[:100]}' is not an address.") from None
    path = parts.path
    if API in path:
        path = path.partition(API)[2].partition("/")[2]
    elif path.startswith("/") and (parts.netloc or len(path) > 1):
        path = path.lstrip("/")
    return unquote(path), dict(parse_qsl(parts.query, keep_blank_values=True))


def write(replies: Sequence[tuple[Reply, str] | list[tuple[Reply, str]]], mark: str) -> str:
    """The answers in the order of the requests; those of a change set stand together."""
    lines: list[str] = []
    for number, answer in enumerate(replies):
        lines.append(f"--{mark}")
        if isinstance(answer, list):
            inner = f"changesetresponse_{mark}_{number}"
            lines += [f"Content-Type: multipart/mixed; boundary={inner}", ""]
            for reply, content_id in answer:
                lines += [f"--{inner}", *_written(reply, content_id)]
            lines += [f"--{inner}--", ""]
        else:
            lines += _written(*answer)
    return "\r\n".join([*lines, f"--{mark}--", ""])


def _written(reply: Reply, content_id: str) -> list[str]:
    content = reply.content().decode()
    identified = [f"Content-ID: {content_id}"] if content_id else []
    headers = [f"{name}: {value}" for name, value in reply.headers.items()]
    if content and "Content-Type" not in reply.headers:
        headers.append("Content-Type: application/json; odata.metadata=minimal")
    return [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        *identified,
        "",
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
        *headers,
        "OData-Version: 4.0",
        "",
        content,
    ]

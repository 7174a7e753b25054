"""From where something is asked: the request that is being answered, or a process of ours."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest

from accounts.audit import scrubbing

if TYPE_CHECKING:
    from accounts.audit.recording import Entry
    from accounts.models import User

LONGEST_AGENT = 200  # characters


@dataclass
class Origin:
    """One request. `written` counts its records; `refusals` wait here until nothing can roll them back. `changed`:
    rows were changed and committed."""

    request: HttpRequest
    written: int = 0
    changed: bool = False
    error_id: str = ""
    refusals: list[tuple[Exception | None, Entry]] = field(default_factory=list)

    def note_change(self) -> None:
        self.changed = True

    def note(self, error: Exception | None, entry: Entry) -> None:
        """Of several records about one exception the last stays: the outermost service knows best what was asked."""
        others = [(known, waiting) for known, waiting in self.refusals if error is None or known is not error]
        self.refusals = [*others, (error, entry)]


_current: ContextVar[Origin | None] = ContextVar("audit_origin", default=None)


def current() -> Origin | None:
    """The request that is being answered here; None in workers and commands."""
    return _current.get()


@contextmanager
def answering(request: HttpRequest) -> Iterator[Origin]:
    origin = Origin(request)
    token = _current.set(origin)
    try:
        yield origin
    finally:
        _current.reset(token)


def person_of(request: HttpRequest) -> User | None:
    """Who is signed in; None for a stranger."""
    from accounts.models import User

    user = getattr(request, "user", None)
    return user if isinstance(user, User) else None


def address_of(request: HttpRequest) -> str | None:
    """The client's IP address. What the client itself says of it counts only behind a proxy that we were told of.

    settings.TRUST_PROXY: the proxy appends whom it saw to X-Forwarded-For, so its last entry is the true one; what
    stands before it was sent by whoever asked.
    """
    told = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.TRUST_PROXY else ""
    return _address(told.rpartition(",")[2]) or _address(request.META.get("REMOTE_ADDR", ""))


def _address(text: str) -> str | None:
    text = text.strip()
    if text.startswith("["):  # [2001:db8::1]:443
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # 192.0.2.1:443
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def agent_of(request: HttpRequest) -> str:
    """What the browser says that it is, shortened."""
    return scrubbing.text(request.META.get("HTTP_USER_AGENT", ""), LONGEST_AGENT)


def process() -> str:
    """What this process is, as the trail names it where no person acts."""
    if "celery" in sys.argv[0]:
        return next((name for name in ("worker", "beat") if name in sys.argv), "system")
    if Path(sys.argv[0]).name == "manage.py" and len(sys.argv) > 1:
        return scrubbing.text(f"manage.py {sys.argv[1]}", 60)
    return "system"


def host() -> str:
    """Where this process runs."""
    return f"{socket.gethostname()} (process {os.getpid()})"[:LONGEST_AGENT]

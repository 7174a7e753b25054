"""Sessions that are worth something only on the host that made them.

The admin center and the portals are different sites under one process: a session id that is carried from one
to another (by a person, or by a script on a portal) must open nothing there.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseSession
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse

_HOST = "_host"


class SessionStore(DatabaseSession):
    """A session in the database, bound to `host`: the admin center's own unless another one is given."""

    def __init__(self, session_key: str | None = None, *, host: str | None = None) -> None:
        super().__init__(session_key)
        self.host = host or str(urlsplit(settings.ADMIN_URL).hostname)

    def load(self) -> dict[str, Any]:
        data: dict[str, Any] = super().load()
        if data and data.get(_HOST) != self.host:
            self._session_key = None  # another host's: a new one is made when there is something to keep
            return {}
        return data

    def save(self, must_create: bool = False) -> None:
        self[_HOST] = self.host
        super().save(must_create)

    def is_empty(self) -> bool:
        """The host's name alone is nothing to keep (Django deletes the cookie of an empty session)."""
        return not self.session_key and not set(self.keys()) - {_HOST}


class HostSessionMiddleware(SessionMiddleware):
    """Chooses the cookie by the kind of host (set by the host routing before), and binds the session to it."""

    def process_request(self, request: HttpRequest) -> None:
        key = request.COOKIES.get(self._cookie_name(request))
        request.session = SessionStore(key, host=request.host_name)  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if self._cookie_name(request) == settings.SESSION_COOKIE_NAME:
            return super().process_response(request, response)
        return response

    @staticmethod
    def _cookie_name(request: HttpRequest) -> str:
        if getattr(request, "portal_host", None) is None:
            return str(settings.SESSION_COOKIE_NAME)
        return str(settings.PORTAL_SESSION_COOKIE_NAME)

"""Requests to one organization's Web API: signed in, patient within bounds, and with errors of the port."""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import httpx
from django.conf import settings

from organizations.dataverse import batches, faults, http
from organizations.dataverse.addresses import Origin
from organizations.dataverse.batches import Answer, Request
from organizations.dataverse.credentials import Credential
from organizations.ports import Denied, Rejected, Unavailable

API = "/api/data/v9.2/"
# Seconds that one request of ours waits when it is throttled; jobs wait longer, without keeping a worker.
MAX_WAIT = 2.0
MAX_PAGES = 10_000  # of one listing
MAX_URL = 8_000  # characters; Dataverse takes more, what stands between us and it may not
_EARLY = 120.0  # seconds before its end that a token counts as old
_LONGEST_LIFE = 86_400.0  # seconds; Entra's tokens live for up to a day
_TOKEN = re.compile(r"[!-~]{1,20000}", re.ASCII)  # it goes into a header
_HEADERS = {
    "Accept": "application/json",
    "OData-Version": "4.0",
    "OData-MaxVersion": "4.0",
    "If-None-Match": "null",
}


@dataclass(frozen=True)
class Access:
    """An organization and how we sign in there. `tenant` is the directory's id or domain."""

    origin: Origin
    tenant: str
    credential: Credential = field(repr=False)

    @property
    def token_endpoint(self) -> str:
        authority = self.origin.url if self.origin.embedded else settings.DATAVERSE_AUTHORITY.rstrip("/")
        return f"{authority}/{quote(self.tenant, safe='')}/oauth2/v2.0/token"


class Tokens:
    """Tokens that are still good, for all threads of this process. They are never written down."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[Access, tuple[str, float]] = {}

    def get(self, access: Access) -> str:
        """Raises Denied, Throttled, Unavailable."""
        with self._lock:
            token, until = self._tokens.get(access, ("", 0.0))
        if token and time.monotonic() < until:
            return token
        token, seconds = _ask(access)
        with self._lock:
            if len(self._tokens) > 1000:
                self._tokens.clear()
            self._tokens[access] = (token, time.monotonic() + max(seconds - _EARLY, 0.0))
        return token

    def forget(self, access: Access) -> None:
        with self._lock:
            self._tokens.pop(access, None)


TOKENS = Tokens()


def _ask(access: Access) -> tuple[str, float]:
    endpoint = access.token_endpoint
    form = {
        "grant_type": "client_credentials",
        "scope": f"{access.origin.url}/.default",
        **access.credential.form(token_endpoint=endpoint, now=time.time()),
    }
    origin = access.origin if access.origin.embedded else http.of_url(_origin_of(endpoint))
    try:
        response = http.ask(http.client(origin), "POST", endpoint, form=form)
    except httpx.HTTPError as error:
        raise Unavailable(f"The directory does not answer: {_why(error)}") from error
    if response.status != 200:
        raise faults.of_token_answer(response.status, _lower(response.headers), response.body)
    try:
        answer = json.loads(response.body)
        token, seconds = str(answer["access_token"]), float(answer.get("expires_in", 0))
        if not _TOKEN.fullmatch(token) or not math.isfinite(seconds):
            raise ValueError("neither a token nor a time")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise Unavailable("The directory answered in a way that makes no sense.") from error
    return token, min(seconds, _LONGEST_LIFE)


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class _Said(dict[str, Any]):
    """What the organization said: to ask for what it must have said, and did not, is an error of its own."""

    def __missing__(self, key: str) -> Any:
        raise Unavailable(f"The organization answered in a way that makes no sense: “{key}” is missing.")


class Session:
    """One organization. Cheap to make; connections and tokens are shared."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._root = access.origin.url + API

    # --- one request ----------------------------------------------------------------------------------------

    def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object. Raises what the port raises."""
        return self._json(self.send(Request("GET", address(path, query))))

    def post(self, path: str, payload: Mapping[str, Any], *, long: bool = False) -> dict[str, Any]:
        """The JSON object, empty where there is nothing to say."""
        return self._json(self.send(Request("POST", path, payload), long=long))

    def object(self, request: Request) -> dict[str, Any]:
        """The JSON object that a request is answered with."""
        return self._json(self.send(request))

    def send(self, request: Request, *, long: bool = False) -> Answer:
        """Raises what the port raises for any answer that is an error."""
        answer = self.exchange(request, long=long)
        if answer.status >= 300:
            raise faults.of_answer(answer.status, answer.headers, answer.body)
        return answer

    def exchange(self, request: Request, *, long: bool = False) -> Answer:
        """The answer, an error's included, after signing in anew or waiting shortly where that may help."""
        content = b"" if request.payload is None else json.dumps(request.payload, ensure_ascii=False).encode()
        return self._exchange(request, content, "application/json; charset=utf-8", long=long)

    def _exchange(self, request: Request, content: bytes, content_type: str, *, long: bool) -> Answer:
        for turn in range(3):
            answer = self._once(request, content, content_type, long=long)
            if answer.status == 401 and turn == 0:
                TOKENS.forget(self.access)  # it may have been withdrawn before its time
                continue
            wait = faults.retry_after(answer.headers, None)
            if answer.status == 429 and wait is not None and wait <= MAX_WAIT and turn < 2:
                time.sleep(wait)
                continue
            break
        return answer

    def _once(self, request: Request, content: bytes, content_type: str, *, long: bool) -> Answer:
        headers = {**_HEADERS, "Authorization": f"Bearer {TOKENS.get(self.access)}", **request.headers}
        if content:
            headers["Content-Type"] = content_type
        client = http.client(self.access.origin)
        for turn in range(2):
            try:
                response = http.ask(
                    client,
                    request.method,
                    self._url(request.address),
                    content=content,
                    headers=headers,
                    long=long,
                )
                return Answer(response.status, _lower(response.headers), response.body)
            except httpx.RemoteProtocolError as error:
                # A connection that was kept was closed meanwhile. Only reading may be done twice without a thought.
                if turn or request.method != "GET":
                    raise Unavailable(f"The organization broke the connection: {_why(error)}") from error
            except httpx.UnsupportedProtocol as error:
                raise Denied(str(error), code="address_forbidden") from error
            except httpx.HTTPError as error:
                raise Unavailable(f"The organization does not answer: {_why(error)}") from error
            except httpx.InvalidURL as error:
                raise Unavailable("The organization sent us to what is not an address.") from error
        raise AssertionError("unreachable")

    def _url(self, address: str) -> str:
        """Links of an answer are followed within the same organization's API only."""
        if not address.startswith(("http://", "https://")):
            return self._root + address
        if not address.startswith(self._root):
            raise Unavailable(
                "The organization sent us to another address, which the admin center does not follow."
            )
        return address

    @staticmethod
    def _json(answer: Answer) -> dict[str, Any]:
        if not answer.body:
            return _Said()
        try:
            found = json.loads(answer.body, object_hook=_Said)
        except (ValueError, RecursionError) as error:
            raise Unavailable("The organization answered in a way that makes no sense.") from error
        if not isinstance(found, dict):
            raise Unavailable("The organization answered in a way that makes no sense.")
        return found

    # --- many -----------------------------------------------------------------------------------------------

    def rows(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """All rows, page by page."""
        request = _listing(address(path, query))
        if len(self._root) + len(request.address) > MAX_URL:
            (answer,) = self.batch([request])
            yield from self.rest(checked(answer))
        else:
            yield from self.rest(self.send(request))

    def rest(self, first: Answer) -> Iterator[dict[str, Any]]:
        """Rows of a first page and of those behind it."""
        page = self._json(first)
        followed: set[str] = set()
        while True:
            value = page.get("value")
            if not isinstance(value, list):
                raise Unavailable("The organization answered in a way that makes no sense.")
            yield from value
            link = page.get("@odata.nextLink")
            if not link:
                return
            if str(link) in followed or len(followed) >= MAX_PAGES:
                raise Unavailable("The organization’s pages lead to no end.")
            followed.add(str(link))
            page = self._json(self.send(_listing(str(link))))

    def batch(self, requests: Sequence[Request], *, together: bool = False) -> list[Answer]:
        """Answers in the order of the requests; `together`: all of them or none, else each may fail alone.

        Raises what the port raises for a batch that was refused as a whole.
        """
        mark = f"batch_{uuid4()}"
        absolute = [replace(request, address=self._url(request.address)) for request in requests]
        content = batches.write(absolute, mark, together=together)
        headers = {} if together else {"Prefer": "odata.continue-on-error"}
        request = Request("POST", "$batch", headers=headers)
        answer = self._exchange(request, content, f'multipart/mixed; boundary="{mark}"', long=True)
        if answer.status >= 300:
            raise faults.of_answer(answer.status, answer.headers, answer.body)
        try:
            answers = batches.read(answer.body, answer.headers.get("content-type", ""))
        except ValueError as error:
            raise Unavailable("The organization answered in a way that makes no sense.") from error
        if together:
            for one in answers:
                checked(one)
        if len(answers) != len(requests):
            raise Unavailable("The organization did not answer all that it was asked.")
        return answers


def checked(answer: Answer) -> Answer:
    """The answer, if it is no error. Raises what the port raises."""
    if answer.status >= 300:
        raise faults.of_answer(answer.status, answer.headers, answer.body)
    return answer


def _listing(address: str) -> Request:
    return Request("GET", address, headers={"Prefer": f"odata.maxpagesize={settings.DATAVERSE_PAGE_SIZE}"})


def address(path: str, query: Mapping[str, str] | None = None) -> str:
    """Path and query, encoded."""
    encoded = quote(path, safe="/()=,$'@:")
    return f"{encoded}?{urlencode(query, quote_via=quote, safe='$(),')}" if query else encoded


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def text(value: str) -> str:
    """A text as a literal of OData. Raises Rejected for what no address can hold."""
    if "\0" in value:
        raise Rejected("A text holds a character that cannot be searched for.", code="bad_query")
    return "'" + value.replace("'", "''") + "'"

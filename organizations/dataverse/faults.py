"""Answers that are errors, as errors of the port. Pure.

Sources: Microsoft's pages on handling errors of the Web API and on service protection limits; its list of web service
error codes.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from jobs.errors import JobError
from organizations.ports import Denied, NotFound, Rejected, Throttled, Unavailable

DUPLICATES = frozenset({"0x80040237", "0x80060892", "0x80040333"})
_UNREADABLE = "The organization answered in a way that makes no sense (status {status})."
# Seconds to wait where the organization does not say.
_THROTTLED_FOR = 30.0
# Whoever asks for more than that is asked again all the same.
LONGEST_WAIT = 3600.0
MAX_MESSAGE = 600


def of_answer(status: int, headers: Mapping[str, str], body: bytes) -> JobError:
    """What to raise for an answer of 300 or more. `headers` by names in lower case."""
    code, message = _said(body)
    if status == 401:
        return Denied(message or "The organization does not accept our sign-in.")
    if status == 403:
        return Denied(message or "The organization refuses this to the admin center's application user.")
    if status == 404:
        return NotFound(message or "The organization knows no such thing.")
    if status == 429:
        said = message or "The organization is asked too often."
        return Throttled(said, retry_after=retry_after(headers, _THROTTLED_FOR))
    if status == 408 or status >= 500:
        said = f"The organization cannot answer now (status {status}). {message}".strip()
        return Unavailable(said, retry_after=retry_after(headers, None))
    if status == 412 and code in DUPLICATES:
        return Rejected(message, code="duplicate")
    if status == 413:
        return Rejected(message or "The organization does not take files of this size.", code="too_large")
    if 400 <= status < 500:
        return Rejected(message or _UNREADABLE.format(status=status), code="organization_rejected")
    return Unavailable(_UNREADABLE.format(status=status))


def retry_after(
    headers: Mapping[str, str], default: float | None, *, now: float | None = None
) -> float | None:
    """Seconds that the organization asks us to wait, at most `LONGEST_WAIT`, as a number or as a date (RFC 9110).

    What is neither means the default. `now`: seconds since 1970.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,300}(\.\d{1,9})?", text, re.ASCII):
        return min(float(text), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return default
    left = at.replace(tzinfo=at.tzinfo or UTC).timestamp() - (time.time() if now is None else now)
    return min(max(left, 0.0), LONGEST_WAIT)


def of_token_answer(status: int, headers: Mapping[str, str], body: bytes) -> JobError:
    """The same for the token endpoint of the directory (`error`, `error_description`)."""
    if status == 429:
        said = "The directory is asked too often for tokens."
        return Throttled(said, retry_after=retry_after(headers, _THROTTLED_FOR))
    if status >= 500:
        return Unavailable(f"The directory gives no tokens now (status {status}).")
    found = _json(body)
    # The rest of Entra's description are ids and times of the request.
    description = str(found.get("error_description") or found.get("error") or "").splitlines()
    why = description[0].strip() if description else f"status {status}"
    return Denied(f"The directory gives no token: {_short(why)}", code="sign_in_refused")


def code_of(body: bytes) -> str:
    """Dataverse's code of an error, "" if it has none."""
    return _said(body)[0]


def _said(body: bytes) -> tuple[str, str]:
    error = _json(body).get("error")
    if not isinstance(error, dict):
        return "", ""
    return str(error.get("code") or "").lower(), _short(str(error.get("message") or ""))


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


# --- failed imports -----------------------------------------------------------------------------------------

_MISSING = 0x8004801D - 2**32  # ImportMissingDependenciesError
_OLDER = 0x80048044 - 2**32
_REQUIRED = re.compile(r"<Required\b[^>]*\bsolution=\"([^\"]{1,200})\"", re.IGNORECASE)


def of_import(message: str, number: Any) -> tuple[str, str]:
    """Code and sentence for an import that failed: prerequisites by name, not in the XML that Dataverse puts there."""
    required = sorted(set(_REQUIRED.findall(message)))
    if required:
        return "missing_dependency", f"Solutions are missing that this one needs: {', '.join(required)}."
    code = {_MISSING: "missing_dependency", _OLDER: "older_version"}.get(number, "import_failed")
    return code, _short(message) or "The import failed, and the organization does not say why."

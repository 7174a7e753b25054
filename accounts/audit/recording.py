"""Writing into the trail. A record of a change shares the transaction of the change, and so its fate."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError

from accounts.audit import origin, scrubbing, subjects
from accounts.audit.subjects import Subject
from accounts.audit.verbs import Result, Verb

if TYPE_CHECKING:
    from accounts.models import User

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
LONGEST_REASON = 1000  # characters
_DATABASE = (DatabaseError, InterfaceError)


@dataclass(frozen=True)
class Entry:
    """A record before it is written. `by`: who did it, a person, or the name of a process of ours."""

    verb: Verb
    subject: Subject
    by: User | str | None = None
    result: Result = Result.DONE
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    code: str = ""
    reason: str = ""
    error_id: str = ""


def record(
    verb: Verb,
    *,
    subject: Subject,
    by: User | str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    result: Result = Result.DONE,
    code: str = "",
    reason: str = "",
    error_id: str = "",
) -> None:
    """Write down a change, in the present transaction: rolled back together, or neither.

    `before` and `after` are values by name, of which secrets are taken out. Who did it is the person who is signed in
    where this request comes from, unless `by` says otherwise; outside of requests it is this process.
    """
    write(Entry(verb, subject, by, result, before, after, code, reason, error_id))


def changed(
    verb: Verb,
    *,
    subject: Subject,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    by: User | str | None = None,
    error_id: str = "",
) -> bool:
    """Write down what differs; nothing when nothing does."""
    old, new = scrubbing.changes(before, after)
    if old or new:
        record(verb, subject=subject, by=by, before=old, after=new, error_id=error_id)
    return bool(old or new)


def refused(
    verb: Verb,
    *,
    subject: Subject,
    by: User | str | None = None,
    code: str = "",
    reason: str = "",
    error_id: str = "",
    error: Exception | None = None,
) -> None:
    """Write down that something was asked for and not done, whatever is rolled back.

    While a request is answered the record waits for its end, where no transaction is open
    (`accounts.audit.middleware`); elsewhere it is written at once, and shares the fate of a transaction that may be
    open. `error` is what told of it; the record of an outer service about the same exception takes the place of the
    inner one's.
    """
    result = Result.FAILED if error is not None and _failed(error) else Result.REFUSED
    if error is not None:
        code, reason = code or _code(error), reason or _reason(error)
    entry = Entry(verb, subject, by, result, code=code, reason=reason, error_id=error_id)
    here = origin.current()
    if here is None:
        _write_or_log(entry)
    else:
        here.note(error, entry)


def tell_error_id(error_id: str) -> None:
    """The Error ID under which a page tells of what was refused or went wrong while this request is answered."""
    if here := origin.current():
        here.error_id = error_id


def attempted(verb: Verb) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """For services with named arguments: what such a call raises is written down as a refusal, or as a failure.

    The thing is the one that an argument names (`portal_id`, `job_id`, …), the person `user` or `requested_by`. It
    stands outside of the service's transaction, which the exception rolls back.
    """

    def decorate(service: Callable[P, R]) -> Callable[P, R]:
        @wraps(service)
        def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return service(*args, **kwargs)
            except Exception as error:
                by: Any = kwargs.get("user") or kwargs.get("requested_by")
                refused(verb, subject=subjects.named_in(kwargs) or _in_the_way(error), by=by, error=error)
                raise

        return attempt

    return decorate


def write(entry: Entry) -> None:
    """Put it into the database."""
    from accounts.models import AuditRecord

    here = origin.current()
    subject = subjects.known(entry.subject)
    about = subject.about or (subject.kind, subject.id)
    before, after = scrubbing.values(entry.before or {}), scrubbing.values(entry.after or {})
    AuditRecord.objects.create(
        **_who(entry.by, here),
        **_where(here),
        verb=entry.verb,
        result=entry.result,
        subject_kind=subject.kind,
        subject_id=scrubbing.text(subject.id, 64),
        subject_name=scrubbing.text(subject.name, 200),
        about_kind=about[0],
        about_id=scrubbing.text(about[1], 64),
        before=before,
        after=after,
        code=scrubbing.text(entry.code, 60),
        reason=scrubbing.text(entry.reason, LONGEST_REASON),
        error_id=entry.error_id,
    )
    if here is not None:
        here.written += 1


def write_all(here: origin.Origin, *, failed: bool) -> None:
    """The refusals that waited for the end of this request; `failed`: the answer is an error of ours."""
    waiting, here.refusals = here.refusals, []
    for _, entry in waiting:
        result = Result.FAILED if failed else entry.result
        _write_or_log(replace(entry, result=result, error_id=entry.error_id or here.error_id))


def _write_or_log(entry: Entry) -> None:
    """A refusal must not become an error because it cannot be written down."""
    try:
        write(entry)
    except _DATABASE:
        log.exception(
            "Not in the audit trail: %s %s %s %s [%s]",
            entry.verb,
            entry.result,
            entry.subject.kind,
            entry.subject.id,
            entry.error_id,
        )


def _who(by: User | str | None, here: origin.Origin | None) -> dict[str, Any]:
    if by is None and here is not None:
        by = origin.person_of(here.request) or ""
    if by is None:
        by = origin.process()
    if isinstance(by, str):
        return {"person_id": None, "login": "", "actor": scrubbing.text(by, 150)}
    return {"person_id": by.pk, "login": by.email, "actor": scrubbing.text(by, 150)}


def _where(here: origin.Origin | None) -> dict[str, Any]:
    if here is None:
        return {"address": None, "agent": origin.host(), "path": ""}
    return {
        "address": origin.address_of(here.request),
        "agent": origin.agent_of(here.request),
        "path": scrubbing.text(f"{here.request.method} {here.request.path}", 200),
    }


def _in_the_way(error: Exception) -> Subject:
    """What an error names itself: the job that was first, say."""
    job = getattr(error, "job", None)
    return Subject("job", str(job.pk)) if job is not None else Subject("page")


def _failed(error: Exception) -> bool:
    return isinstance(error, _DATABASE) or subjects.is_failure(error)


def _code(error: Exception) -> str:
    code = getattr(error, "code", "")
    return code if isinstance(code, str) and code else type(error).__name__


def _reason(error: Exception) -> str:
    if isinstance(error, _DATABASE):  # what a database says may quote whole rows
        return "The database did not take it."
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)

"""One request, by whatever its address names; and batches of them."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from django.db import DatabaseError, OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from organizations.facade import actions, definitions, entitysets, metadata, multipart, smallsets
from organizations.facade.callers import Caller
from organizations.facade.exchange import Call, Reply, of_fault
from organizations.facade.multipart import ChangeSet, Part
from organizations.facade.odata import options, paths
from organizations.facade.odata.faults import SQL_TIMEOUT, UNEXPECTED, Fault, bad_query, no_segment
from organizations.facade.tables import TABLES
from organizations.ports import Rejected

LONGEST = 30  # seconds of one statement
MAX_ANSWER = 48 * 1024 * 1024  # bytes of all answers of a batch
_REFERENCE = re.compile(r"\$(\w{1,40})")
log = logging.getLogger(__name__)


def respond(call: Call, caller: Caller) -> Reply:
    """The answer, an error's included."""
    try:
        if call.path.strip("/") == "$batch":
            return _batch(call, caller)
        return _one(call, caller)
    except Fault as fault:
        return of_fault(fault)
    except Exception:
        # A mistake of ours; clients expect JSON even then. The log has the traceback.
        log.exception("The Web API failed at %s %s", call.method, call.path[:200])
        return of_fault(Fault(500, UNEXPECTED, "An unexpected error occurred."))


def _one(call: Call, caller: Caller) -> Reply:
    """Raises Fault."""
    # Whatever a request changes, it changes as a whole. Actions see to that themselves: an import shows how far it is.
    whole = nullcontext() if call.path.strip("/") in actions.ACTIONS else _bounded()
    try:
        with whole:
            return _routed(call, caller)
    except Rejected as error:
        raise bad_query(error.message) from error
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise Fault(
                503, UNEXPECTED, "The organization cannot answer now.", {"Retry-After": "5"}
            ) from error
        raise Fault(
            400, SQL_TIMEOUT, f"The request takes more than {LONGEST} seconds. Ask for less."
        ) from error
    except (DatabaseError, RecursionError) as error:
        log.exception("The Web API could not do %s %s", call.method, call.path[:200])
        raise Fault(500, UNEXPECTED, "The request could not be carried out.") from error


@contextmanager
def _bounded() -> Iterator[None]:
    """A transaction none of whose statements takes longer than `LONGEST`: nobody's filter may keep the database."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{LONGEST}s"])
        yield


def _routed(call: Call, caller: Caller) -> Reply:
    aliases = {name: value for name, value in call.query.items() if name.startswith("@")}
    segments = paths.parse(call.path, aliases)
    if not segments:
        return _root(call)
    first = segments[0]
    if first.name in definitions.sets():
        return entitysets.answer(call, caller, definitions.sets()[first.name], segments)
    if first.name in TABLES:
        return smallsets.answer(call, caller, TABLES[first.name], segments)
    if first.name == "$metadata" and call.method == "GET":
        return Reply(200, metadata.document(), {"Content-Type": "application/xml"})
    if first.name == "EntityDefinitions" and call.method == "GET":
        wanted = options.parse(call.query)
        return Reply(200, metadata.definitions(caller.instance, segments, wanted, call.root))
    answer = actions.answer(call, caller, first) if len(segments) == 1 else None
    if answer is None:
        raise no_segment(first.name)
    return answer


def _root(call: Call) -> Reply:
    """The service document: what entity sets there are."""
    names = sorted([*definitions.sets(), *TABLES])
    value = [{"name": name, "kind": "EntitySet", "url": name} for name in names]
    return Reply(200, {"@odata.context": f"{call.root}/$metadata", "value": value})


# --- batches ------------------------------------------------------------------------------------------------


def _batch(call: Call, caller: Caller) -> Reply:
    """Raises Fault for a batch that cannot be read; what is wrong with one of its requests is told in its place."""
    if call.method != "POST":
        raise bad_query("A batch is sent with POST.")
    content_type = call.headers.get("content-type", "")
    replies: list[tuple[Reply, str] | list[tuple[Reply, str]]] = []
    room = MAX_ANSWER
    for item in multipart.read(call.body, content_type, call.root):
        answer = _done(item, caller) if room > 0 else _too_much(item)
        room -= sum(len(reply.content()) for reply, _ in (answer if isinstance(answer, list) else [answer]))
        replies.append(answer)
        failed = not isinstance(answer, list) and answer[0].status >= 400
        if failed and not call.continues_on_error:
            break
    mark = f"batchresponse_{uuid.uuid4()}"
    return Reply(200, multipart.write(replies, mark), {"Content-Type": f"multipart/mixed; boundary={mark}"})


def _done(item: Part | ChangeSet, caller: Caller) -> list[tuple[Reply, str]] | tuple[Reply, str]:
    answer = _changes(item, caller) if isinstance(item, ChangeSet) else _alone(item, caller)
    if isinstance(answer, list):
        return [(_written(reply), content_id) for reply, content_id in answer]
    return _written(answer[0]), answer[1]


def _written(reply: Reply) -> Reply:
    """The same as text, which takes less room than what it tells of, and is made once."""
    return reply if reply.body is None else replace(reply, body=reply.content().decode())


def _too_much(item: Part | ChangeSet) -> tuple[Reply, str]:
    first = item.parts[0] if isinstance(item, ChangeSet) and item.parts else item
    said = f"The answers of this batch are larger than {MAX_ANSWER // 1024**2} MB; ask for less in each."
    return of_fault(bad_query(said)), first.content_id if isinstance(first, Part) else ""


def _alone(part: Part, caller: Caller) -> tuple[Reply, str]:
    if part.call.path.strip("/") == "$batch":
        return of_fault(bad_query("A batch holds no other batch.")), part.content_id
    return respond(part.call, caller), part.content_id


def _changes(changes: ChangeSet, caller: Caller) -> list[tuple[Reply, str]] | tuple[Reply, str]:
    """All or none: the first error is the answer to the whole set."""
    replies: list[tuple[Reply, str]] = []
    places: dict[str, str] = {}
    try:
        with transaction.atomic():
            for part in changes.parts:
                reply = _one(_resolved(part.call, places), caller)
                replies.append((reply, part.content_id))
                if part.content_id and "OData-EntityId" in reply.headers:
                    places[part.content_id] = reply.headers["OData-EntityId"].removeprefix(
                        f"{part.call.root}/"
                    )
    except Fault as fault:
        return of_fault(fault), changes.parts[len(replies)].content_id
    return replies


def _resolved(call: Call, places: dict[str, str]) -> Call:
    """`$1` in the address or in the body's references is the record that request 1 made."""

    def place(match: re.Match[str]) -> str:
        return places.get(match[1], match[0])

    body = call.body.decode("utf-8", "replace")
    body = re.sub(
        r'(?<=@odata\.bind")(\s*:\s*")/?\$(\w{1,40})(?=")', lambda m: m[1] + _bound(m, places), body
    )
    return replace(call, path=_REFERENCE.sub(place, call.path, count=1), body=body.encode())


def _bound(match: re.Match[str], places: dict[str, str]) -> str:
    return "/" + places[match[2]] if match[2] in places else f"${match[2]}"

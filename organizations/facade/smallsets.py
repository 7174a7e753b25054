"""Reading what an organization has few of: `systemusers`, `roles`, `solutions`, and the like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from organizations.adapters.embedded import languages
from organizations.facade import privileges
from organizations.facade.callers import Caller
from organizations.facade.exchange import Call, Reply
from organizations.facade.odata import options as query_options
from organizations.facade.odata.evaluation import Row, matches, ordered
from organizations.facade.odata.faults import (
    Fault,
    bad_payload,
    bad_query,
    no_property,
    no_record,
    no_segment,
)
from organizations.facade.odata.options import Options
from organizations.facade.odata.paths import Segment
from organizations.facade.tables import TABLES, Rows, Table
from organizations.ports import Rejected


def answer(call: Call, caller: Caller, table: Table, segments: Sequence[Segment]) -> Reply:
    """Raises Fault."""
    first, rest = segments[0], segments[1:]
    if table.set_name == "usersettingscollection" and call.method == "PATCH" and first.called and not rest:
        return _set_language(call, caller, first)
    if call.method != "GET":
        raise Fault(405, "0x80060888", f"{table.set_name} are read only here.")
    if table.privilege:
        caller.require(table.privilege)
    rows = Rows(caller)
    if not first.called:
        if rest:
            raise no_segment(rest[0].name)
        return _listed(call, rows, table, rows.of(table.set_name))
    row = _one(rows, table, first)
    return _behind(call, caller, rows, table, row, rest)


def _behind(call: Call, caller: Caller, rows: Rows, table: Table, row: Row, rest: Sequence[Segment]) -> Reply:
    if not rest:
        options = query_options.parse(call.query)
        context = {"@odata.context": f"{call.root}/$metadata#{table.set_name}/$entity"}
        return Reply(200, {**context, **_shown(rows, table, row, options)})
    name = rest[0].name
    if len(rest) == 1 and rest[0].called and name == "Microsoft.Dynamics.CRM.RetrieveUserPrivileges":
        return _privileges(caller, row)
    if len(rest) > 1 or rest[0].called or name not in table.collections:
        raise no_segment(rest[-1].name)
    other = TABLES[table.collections[name]]
    if other.privilege:
        caller.require(other.privilege)
    return _listed(call, rows, other, rows.follow(table, row, name))


def _one(rows: Rows, table: Table, segment: Segment) -> Row:
    for row in rows.of(table.set_name):
        if segment.guid is not None and row[table.primary_id] == str(segment.guid):
            return row
    raise no_record(table.entity, str(segment.key or segment.arguments))


def _listed(call: Call, rows: Rows, table: Table, found: Sequence[Row]) -> Reply:
    options = query_options.parse(call.query)
    if options.filter is not None:
        node = options.filter
        found = [row for row in found if matches(node, row, lambda one, name: rows.follow(table, one, name))]
    for name, _ in options.order:
        if found and name not in found[0]:
            raise no_property(name, table.entity)
    if found:
        found = ordered(found, options.order)
    start = _start(options)
    limit = call.page_size if options.top is None else min(call.page_size, max(options.top - start, 0))
    body: dict[str, Any] = {"@odata.context": f"{call.root}/$metadata#{table.set_name}"}
    if options.count:
        body["@odata.count"] = len(found)
    body["value"] = [_shown(rows, table, row, options) for row in found[start : start + limit]]
    wanted = len(found) if options.top is None else min(options.top, len(found))
    if start + limit < wanted:
        query = urlencode({**call.query, "$skiptoken": str(start + limit)}, quote_via=quote)
        body["@odata.nextLink"] = f"{call.root}/{quote(call.path, safe='/()=,$')}?{query}"
    return Reply(200, body)


def _start(options: Options) -> int:
    if not options.skip_token:
        return 0
    if not options.skip_token.isascii() or not options.skip_token.isdigit() or len(options.skip_token) > 9:
        raise bad_query("The $skiptoken is not one of this query.")
    return int(options.skip_token)


def _shown(rows: Rows, table: Table, row: Row, options: Options) -> Mapping[str, Any]:
    for name in options.select or ():
        if name not in row:
            raise no_property(name, table.entity)
    shown = (
        dict(row)
        if options.select is None
        else {name: row[name] for name in (*options.select, table.primary_id)}
    )
    for expand in options.expand:
        if expand.name not in table.collections:
            raise no_property(expand.name, table.entity)
        other = TABLES[table.collections[expand.name]]
        shown[expand.name] = [
            _shown(rows, other, one, expand.options) for one in rows.follow(table, row, expand.name)
        ]
    return shown


def _privileges(caller: Caller, row: Row) -> Reply:
    """`RetrieveUserPrivileges`, for the caller itself: what it may do, right by right."""
    if row["systemuserid"] != str(caller.user.id):
        caller.require(privileges.READ_ROLES)
        raise bad_query("Privileges are told of the calling user only.")
    names = sorted(caller.privileges.names)
    return Reply(200, {"RolePrivileges": [{"PrivilegeName": name, "Depth": "Global"} for name in names]})


def _set_language(call: Call, caller: Caller, segment: Segment) -> Reply:
    """The caller's display language, which is the organization's default language here."""
    caller.require(privileges.LANGUAGES)
    payload = call.payload()
    lcid = payload.get("uilanguageid")
    if set(payload) != {"uilanguageid"} or not isinstance(lcid, int) or isinstance(lcid, bool):
        raise bad_payload("Only uilanguageid, an LCID, can be set.")
    if segment.guid != caller.user.id:
        raise no_record("usersettings", str(segment.key))
    try:
        languages.set_default(caller.instance.id, lcid or caller.instance.base_language)
    except Rejected as error:
        raise Fault(400, "0x80044195", error.message) from error
    return Reply(204)

"""Notices whether a request changed anything in the database, for changes that no service wrote down itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from accounts.audit.origin import Origin

_WRITES = re.compile(
    r'\b(?:INSERT\s+INTO|DELETE\s+FROM|(?<!FOR )(?<!KEY )UPDATE)\s+"?([a-z_]+_[a-z_]+)', re.IGNORECASE
)
# Rows that come and go with every look at a page, or that tell of others.
_OTHER = frozenset({"django_session", "accounts_auditrecord"})


@contextmanager
def watching(here: Origin) -> Iterator[None]:
    """Sets `here.changed` once a change of rows is committed; what is rolled back does not count."""

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        if not here.changed and context["cursor"].rowcount > 0 and writes(sql):
            transaction.on_commit(here.note_change, robust=True)
        return result

    with connection.execute_wrapper(look):
        yield


def writes(sql: str) -> bool:
    """Whether the statement writes into a table of ours."""
    return any(table.lower() not in _OTHER for table in _WRITES.findall(sql))

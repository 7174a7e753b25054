"""Statements that PostgreSQL parses and plans once a connection, not once a call.

Django puts the values into the text of a statement, so that every call is a new statement. The engine's few statements
are large and run for every step of every job: planning them cost more than running them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


def first_row(sql: str, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Run the statement on Django's connection, with its errors and its transactions; the first row, if there is one.

    Parameters go to the server apart from the text, so each needs a cast where its type does not follow from its
    place. Whether the plan is kept is for settings to say (DATABASE_PREPARE).
    """
    connection.ensure_connection()
    django: Any = connection  # this method of it has no public name
    with django._prepare_cursor(psycopg.Cursor(connection.connection)) as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row

"""What the Web API adds to a query: 10,000 records by filter and order, against plain SQL for the same.

`python -m tests.bench.facade` prints the table alone; with `--small` a short run. A request is the whole way: token,
roles, filter, query, JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import django
from django.db import connection

from tests.bench import servers
from tests.bench.table import HEADING, Ratio, interleaved, ratios

if TYPE_CHECKING:
    from organizations.models import Instance
    from tests.organizations.facade import Api

RECORDS, ROUNDS, TURNS = 10_000, 5, 10
FILTER, ORDER = "numberofemployees ge 5000", "name desc"
_FILL = """
INSERT INTO organizations_record (instance_id, entity, record_id, attributes, version, created_at, modified_at)
SELECT %(instance)s, 'account', gen_random_uuid(), jsonb_build_object(
    'name', 'Account ' || lpad((n::bigint * 7919 %% %(count)s)::text, 8, '0'), 'numberofemployees', n %% 10000,
    'telephone1', '+49 ' || n), 1, now(), now()
FROM generate_series(1, %(count)s) AS n
"""
_PLAIN = """
SELECT record_id, version, attributes ->> 'name', attributes -> 'numberofemployees' FROM organizations_record
WHERE instance_id = %(instance)s AND entity = 'account' AND jsonb_typeof(attributes -> 'numberofemployees') = 'number'
    AND attributes -> 'numberofemployees' >= '5000'::jsonb
ORDER BY attributes -> 'name' DESC NULLS LAST, record_id LIMIT %(limit)s
"""


def measured(*, records: int = RECORDS, rounds: int = ROUNDS, turns: int = TURNS) -> list[Ratio]:
    """Needs `servers.running()` and tables."""
    from tests.organizations.facade import Api, add_client
    from tests.organizations.world import make_instance

    instance = make_instance("Bench of the Web API")
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"instance": instance.id, "count": records})
        cursor.execute("ANALYZE organizations_record")
    api = Api(instance, add_client(instance))
    found = []
    for title, limit in (("all that match", 5000), ("a page of 50", 50)):
        assert len(_asked(api, limit)) == len(_plain(instance, limit))
        ours, plain = interleaved(
            rounds,
            lambda limit=limit: _timed(turns, lambda: _asked(api, limit)),  # type: ignore[misc]
            lambda limit=limit: _timed(turns, lambda: _plain(instance, limit)),  # type: ignore[misc]
        )
        words = f"the Web API, {title} of {records:,} records, in plain SQL for the same"
        found.append(Ratio(words, ratios(ours, plain)))
    return found


def _timed(turns: int, work: Any) -> float:
    begun = time.perf_counter()
    for _ in range(turns):
        work()
    return (time.perf_counter() - begun) / turns


def _asked(api: Api, limit: int) -> list[Any]:
    query = {"$select": "name,numberofemployees", "$filter": FILTER, "$orderby": ORDER, "$top": str(limit)}
    response = api.get("accounts", query)
    assert response.status_code == 200, response.content
    rows: list[Any] = json.loads(response.content)["value"]
    return rows


def _plain(instance: Instance, limit: int) -> list[Any]:
    """The rows as JSON and back, as a client of the Web API has them."""
    with connection.cursor() as cursor:
        cursor.execute(_PLAIN, {"instance": instance.id, "limit": limit})
        rows = [
            {"accountid": str(key), "@odata.etag": str(version), "name": name, "numberofemployees": number}
            for key, version, name, number in cursor.fetchall()
        ]
    found: list[Any] = json.loads(json.dumps(rows))
    return found


def main(words: Sequence[str]) -> None:
    with servers.running():
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        small = {"records": 60, "rounds": 1, "turns": 2} if "--small" in words else {}
        found = measured(**small)
    sys.stdout.write("".join(f"{line}\n" for line in ("", HEADING, *(ratio.line() for ratio in found))))


if __name__ == "__main__":
    main(sys.argv[1:])

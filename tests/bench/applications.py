"""What the Applications tab costs with 100,000 portals, in pages with 100: whole requests through the whole stack.

`python -m tests.bench.pages applications plans` prints what PostgreSQL makes of them, too.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import psycopg

from tests.bench.table import Bound, Ratio, interleaved, ratios

if TYPE_CHECKING:
    from django.test import Client

FEW, MANY = 100, 100_000
ROUNDS, PAGES = 9, 12
GOAL = 1.5

_INDEX = "provisioning_portal_parts"
_FILL = """
INSERT INTO provisioning_portal
SELECT (jsonb_populate_record(NULL::provisioning_portal, to_jsonb(model) || jsonb_build_object(
    'id', gen_random_uuid(),
    'name', words.one[1 + mod(n, 40)] || ' ' || words.two[1 + mod(n / 40, 25)] || ' ' || n,
    'subdomain', 'bench' || n,
    'type', CASE WHEN mod(n, 3) = 0 THEN 'trial' ELSE 'production' END,
    'phase', CASE WHEN mod(n, 20) = 0 THEN 'provisioning-failed' ELSE 'configured' END,
    'packages', 'installed',
    'instance_id', i.ids[1 + mod(n, 50)],
    'owner_id', u.ids[1 + mod(n, 200)],
    'provision_job_id', job.id,
    'opened_at', CASE WHEN mod(n, 2) = 0 THEN now() END,
    'created_at', now() - n * interval '1 minute'))).*
FROM generate_series(1, %(count)s) AS n,
    (SELECT * FROM provisioning_portal LIMIT 1) AS model,
    (SELECT id FROM jobs_job WHERE kind = 'bench') AS job,
    (SELECT array_agg(id ORDER BY name) AS ids FROM organizations_instance WHERE name LIKE 'Organization %%') AS i,
    (SELECT array_agg(id) AS ids FROM accounts_user WHERE email LIKE '%%@bench.example') AS u,
    (SELECT string_to_array(%(one)s, ' ') AS one, string_to_array(%(two)s, ' ') AS two) AS words;
"""
_ONE = (
    "Adventure Alpine Baltic Bayern Berlin Boreal Bremen Cascade Contoso Coho Danube Delta Elbe Fabrikam Fjord Fourth "
    "Graphic Hamburg Humongous Iberia Jura Litware Lucerne Margie Munson Nordic Northwind Oslo Proseware Rhine "
    "School Southridge Tailspin Trey Urals Vigor Wide Wingtip Woodgrove Zürich"
)
_TWO = (
    "Support Partners Employees Community Service Orders Careers Learning Returns Warranty Suppliers Field Claims "
    "Events Press Investors Students Alumni Members Dealers Vendors Research Safety Quality Logistics"
)

# What is asked of both, or of each its own so that both find as much: rows cost the same to render in both.
PAGES_OF: dict[str, str | tuple[str, str]] = {
    "the first page": "/applications/",
    "a search that finds a dozen": ("/applications/?q=rhine+support+2", "/applications/?q=bench9"),
    "a search that finds nothing": "/applications/?q=zzqx",
    "a search that finds one percent": ("/applications/?q=bench77", "/applications/?q=bench"),
    "a search that finds one in forty": ("/applications/?q=north", "/applications/?q=bench"),
    "a search that finds all": "/applications/?q=bench",
    "a search for one letter": "/applications/?q=z",
    "one state": ("/applications/?state=provisioning-failed", "/applications/?state=configured"),
    "one instance, by owner": (
        "/applications/?sort=owner&instance=",
        "/applications/?sort=owner&type=production",
    ),
    "by state": "/applications/?sort=state",
    "by instance": "/applications/?sort=instance",
    "by status, backwards": "/applications/?sort=-status",
    "by owner": "/applications/?sort=owner",
    "newest first": "/applications/?sort=-created",
    "the last page": "last",
    "a page in the middle": "middle",
}


def url_of(name: str) -> str:
    return os.environ["DATABASE_URL"].replace("/portaladmin?", f"/{name}?")


def furnish() -> None:
    """Instances, people and a job, for portals to belong to."""
    from django.utils import timezone

    from accounts.models import User
    from jobs.models import Job
    from organizations.models import Instance

    now = timezone.now()
    Instance.objects.bulk_create(
        Instance(
            name=f"Organization {number}",
            url=f"https://o{number}.example",
            type="production",
            version="9.0",
            base_language=1033,
        )
        for number in range(1, 51)
    )
    User.objects.bulk_create(
        User(email=f"p{number}@bench.example", display_name=f"Person {number}") for number in range(1, 201)
    )
    Job.objects.create(
        kind="bench",
        definition=1,
        step_count=0,
        state="succeeded",
        run_at=now,
        created_at=now,
        finished_at=now,
    )


def make(name: str, count: int) -> None:
    """A copy of the demo's database with so many portals."""
    with psycopg.connect(url_of("postgres"), autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name} TEMPLATE portaladmin".encode())
    with psycopg.connect(url_of(name), autocommit=True, cursor_factory=psycopg.ClientCursor) as link:
        link.execute("SET synchronous_commit = off")
        indexes = link.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [_INDEX]).fetchone()
        assert indexes
        link.execute(f"DROP INDEX {_INDEX}".encode())
        link.execute(_FILL.encode(), {"count": count, "one": _ONE, "two": _TWO})
        begun = time.monotonic()
        link.execute(indexes[0].encode())
        say(f"  {name}: the index over parts of names made in {time.monotonic() - begun:.1f} s")
        link.execute("VACUUM ANALYZE")


def measured(*, few: int = FEW, many: int = MANY, rounds: int = ROUNDS, requests: int = PAGES) -> list[Ratio]:
    """Makes both databases and asks for every page of both, in turn. Needs `servers.running()`, Django, the demo."""
    from django.db import connection
    from django.test import Client

    from accounts.models import User

    user = User.objects.get(email="global.admin@contoso.example")
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    furnish()
    connection.close()
    for name, count in (("few", few), ("many", many)):
        make(name, count)
    found = []
    for title, asked in PAGES_OF.items():
        paths = asked if isinstance(asked, tuple) else (asked, asked)
        sides = [
            _page(client, name, path, requests) for name, path in zip(("many", "few"), paths, strict=True)
        ]
        for side in sides:
            side()
        both = interleaved(rounds, *sides)
        found.append(
            Ratio(f"{title} of {many:,} portals, in such pages of {few}", ratios(*both), Bound.AT_MOST, GOAL)
        )
        say(f"  {title}: {1000 * min(both[0]):.1f} ms of {many:,}, {1000 * min(both[1]):.1f} ms of {few}")
    return found


def use(name: str) -> None:
    """From here on the process works with that database."""
    from django.db import connection

    if connection.settings_dict["NAME"] != name:
        connection.close()
        connection.settings_dict["NAME"] = name
        connection.ensure_connection()


def _page(client: Client, name: str, path: str, requests: int) -> Callable[[], float]:
    """Seconds of one request; the shortest of some, since everything else on the machine only makes them longer."""
    use(name)
    address = _address(path)

    def ask() -> float:
        use(name)
        client.get(address)
        gc.collect()
        best = float("inf")
        for _ in range(requests):
            begun = time.perf_counter()
            response = client.get(address)
            best = min(best, time.perf_counter() - begun)
            assert response.status_code == 200
        return best

    return ask


def _address(path: str) -> str:
    from accounts.models import User
    from organizations.models import Instance
    from provisioning import listing
    from provisioning.listing import Asked

    user = User.objects.get(email="global.admin@contoso.example")
    if path.endswith("instance="):
        return path + str(Instance.objects.get(name="Organization 7").id)
    if path not in ("last", "middle"):
        return path
    page = listing.page_of(user, Asked(sort="owner" if path == "middle" else "name"))
    if path == "last":
        return f"/applications/?after={page.last}"
    return f"/applications/?sort=owner&after={page.next}"


def plans() -> None:
    """What PostgreSQL makes of the questions about very many portals."""
    from django.db import connection

    from accounts.models import User
    from provisioning import listing
    from provisioning.listing import Asked

    use("many")
    user = User.objects.get(email="global.admin@contoso.example")
    for q in ("rhine support 2", "bench77", "zzqx", "north", "bench", "z"):
        connection.queries_log.clear()
        rows = listing.ORDERS["name"].applied(listing.portals(user, Asked(q=q)))[:51]
        say(f"\n-- {q}\n{rows.explain(analyze=True)}")


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()

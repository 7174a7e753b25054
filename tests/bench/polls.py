"""What a page costs that asks again while nothing has changed, beside an empty page: both for signed-in people.

Whole requests over HTTP to the product's own web server, since that is what a watching browser costs.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from django.conf import settings

from tests.bench.table import Bound, Ratio, interleaved, ratios
from tests.up.running import free_port
from tests.waiting import until

if TYPE_CHECKING:
    from accounts.models import User

ROUNDS, REQUESTS = 11, 300
GOAL = 0.8
PERSON = "global.admin@contoso.example"
WATCHED = "an unchanged poll of a job"


@contextmanager
def web(log: Path) -> Iterator[str]:
    """The product's web server in one process, with the empty page: its address."""
    port = free_port()
    words = "-m gunicorn tests.bench.wsgi:application -c portaladmin/gunicorn.py".split()
    environ = {**os.environ, "PORT": str(port), "WEB_CONCURRENCY": "1", "LOG_LEVEL": "WARNING"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=settings.BASE_DIR,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    address = f"http://localhost:{port}"
    try:

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                return httpx.get(f"{address}/healthz").status_code == 200
            except httpx.TransportError:
                return False

        until(answers, what="the web server")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def _configured(user: User) -> str:
    """A portal whose job waits, for longer than pages change how often they ask: the id of the job."""
    from django.utils import timezone

    from jobs.models import Job
    from organizations.models import Instance
    from provisioning.configuration import Configuration
    from provisioning.models import Portal
    from provisioning.services import provision

    instance = Instance.objects.get(name="Contoso")
    person = instance.system_users.get(object_id=user.directory_object_id)
    job = provision.submit(
        portal_id=Portal.objects.filter(phase="not-configured", type="production")[0].id,
        configuration=Configuration(
            name="Watched",
            subdomain="watched",
            instance_id=instance.id,
            language=1033,
            administrator_id=person.id,
            administrator_name=person.full_name,
            audience="customer",
            template="custom",
        ),
        terms_version="bench",
        user=user,
    )
    now, hour = timezone.now(), timedelta(hours=1)
    Job.objects.filter(pk=job.pk).update(state="waiting", created_at=now - hour, run_at=now + hour)
    return str(job.id)


def _polls(client: httpx.Client, job: str) -> dict[str, str]:
    """What the pages ask that watch this job."""
    addresses = {
        WATCHED: f"/jobs/{job}/",
        "an unchanged poll of Applications": "/applications/",
        "an unchanged poll of Jobs": "/jobs/",
    }
    return {title: _polled(client.get(address).text) for title, address in addresses.items()}


def _polled(html: str) -> str:
    before, _, _ = html.partition('" hx-trigger="every')
    return before.rpartition('hx-get="')[2].replace("&amp;", "&")


def _asked(client: httpx.Client, address: str, requests: int) -> Callable[[], float]:
    """Seconds of one request, of so many one after the other."""

    def ask() -> float:
        begun = time.perf_counter()
        for _ in range(requests):
            assert client.get(address).status_code == 204
        return (time.perf_counter() - begun) / requests

    return ask


def measured(log: Path, *, rounds: int = ROUNDS, requests: int = REQUESTS) -> list[Ratio]:
    """Needs `servers.running()`, Django, the demo."""
    from django.test import Client

    from accounts.models import User
    from tests.bench.wsgi import EMPTY

    user = User.objects.get(email=PERSON)
    job = _configured(user)
    browser = Client(HTTP_HOST="localhost")
    browser.force_login(user)
    cookies = {settings.SESSION_COOKIE_NAME: browser.cookies[settings.SESSION_COOKIE_NAME].value}
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line a request is no part of what is measured
    found = []
    with web(log) as address, httpx.Client(base_url=address, cookies=cookies, trust_env=False) as client:
        for title, poll in _polls(client, job).items():
            sides = _asked(client, EMPTY, requests), _asked(client, poll, requests)
            for side in sides:
                side()
            empty, full = interleaved(rounds, *sides)
            say(f"  {title}: {1 / min(full):.0f} a second; of an empty page {1 / min(empty):.0f}")
            bound = Bound.AT_LEAST if title == WATCHED else None  # lists are asked for less often
            found.append(Ratio(f"rate of {title}, in empty pages", ratios(empty, full), bound, GOAL))
    return found


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()

"""The embedded edge as a process of its own, on the test's database, and clients from outside: openssl and curl."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from domains.models import BaseCertificate, Certificate, CustomDomain, EdgeRevision
from domains.states import DomainState
from jobs import ledger
from jobs import services as jobs
from jobs.models import Resource
from portaladmin.up import launch
from provisioning.models import Address, Portal, portal_key
from provisioning.phases import Phase
from tests.domains import programs
from tests.domains.authority import Issued
from tests.up.running import free_port
from tests.waiting import until


def database_url() -> str:
    """The test's own database, for another process."""
    name = connection.settings_dict["NAME"]
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


class Process:
    """One of our processes, which may be ended and started again. `port`: where it listens."""

    def __init__(self, command: str, log: Path, port: int, **environ: str) -> None:
        self.port, self._command, self._log = port, command, log
        # With DEBUG static files need no build.
        self._environ = {**os.environ, "DEBUG": "1", "DATABASE_URL": database_url(), **environ}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it listens."""
        with self._log.open("ab") as log:
            self.process = launch.start(
                [sys.executable, "manage.py", *self._command.split()],
                environ=self._environ,
                cwd=django_settings.BASE_DIR,
                output=log,
            )
        until(self.listens, what=f"{self._command}: {self.said()}")

    def listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def said(self) -> str:
        return self._log.read_text()[-2000:]

    def stop(self) -> None:
        """Ends it as the supervisor does, and waits."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)

    @property
    def memory(self) -> int:
        """Bytes of it that are in memory."""
        assert self.process is not None
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024  # type: ignore[index]


class Edge(Process):
    """The embedded edge."""

    def __init__(self, log: Path, **environ: str) -> None:
        port = free_port()
        super().__init__("edge", log, port, HTTPS_PORT=str(port), **environ)


@pytest.fixture(scope="module")
def edge_process(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Edge]:
    """One for the tests of a module."""
    edge = Edge(tmp_path_factory.mktemp("edge") / "log")
    edge.start()
    yield edge
    edge.stop()
    with django_db_blocker.unblock():
        BaseCertificate.objects.all().delete()
        EdgeRevision.objects.all().delete()


@pytest.fixture
def edge(edge_process: Edge, settings: LazySettings) -> Edge:
    """The edge, where probes look for it."""
    settings.EDGE_ADDRESS = f"127.0.0.1:{edge_process.port}"
    settings.CUSTOM_DOMAIN_PORT = str(edge_process.port)
    return edge_process


@pytest.fixture
def routed(portal: Portal) -> Portal:
    """The portal, to which its base URL leads visitors."""
    assert portal.instance is not None
    assert portal.provision_job is not None
    # It is over, as it would be after so long; a reset may begin.
    jobs.cancel(job_id=portal.provision_job.id, requested_by=None)
    Portal.objects.filter(pk=portal.pk).update(phase=Phase.CONFIGURED)
    portal.refresh_from_db()
    Address.objects.update_or_create(
        subdomain=portal.subdomain,
        defaults={"instance": portal.instance, "portal": portal, "is_routed": True},
    )
    # As provisioning leaves it, so that a reset finds what to take down.
    ledger.plan(
        job_id=portal.provision_job.id,
        exclusive_key=portal_key(portal.id),
        kind="route",
        name=portal.subdomain,
        scope=Resource.Scope.HOSTED,
    )
    return portal


Bound = Callable[..., CustomDomain]


def served(portal: Portal, certificate: Certificate, hostname: str) -> CustomDomain:
    """A custom domain as a job leaves it."""
    now = timezone.now()
    return CustomDomain.objects.create(
        portal=portal,
        hostname=hostname,
        certificate=certificate,
        state=DomainState.BOUND,
        published_at=now,
        bound_at=now,
        verified_at=now,
    )


def root_file(root: Issued, folder: Path) -> Path:
    """The test's authority as clients trust it."""
    path = folder / "root.pem"
    path.write_bytes(root.certificate.public_bytes(serialization.Encoding.PEM))
    return path


def curl(port: int, host: str, *options: str, path: str = "/") -> subprocess.CompletedProcess[str]:
    """What curl says of a page of the edge; it resolves nothing."""
    command = [
        *(programs.find("curl"), "--silent", "--show-error", "--max-time", "20"),
        *("--resolve", f"{host}:{port}:127.0.0.1"),
    ]
    return subprocess.run(
        [*command, *options, f"https://{host}:{port}{path}"], capture_output=True, text=True, check=False
    )


def s_client(port: int, host: str | None, *options: str) -> str:
    """What `openssl s_client` says of a handshake."""
    name = ["-servername", host] if host else ["-noservername"]
    done = subprocess.run(
        [*(programs.find("openssl"), "s_client", "-connect", f"127.0.0.1:{port}"), *name, *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.stdout + done.stderr


def fingerprint(port: int, host: str) -> str:
    """SHA-256 of the leaf that is served; "" when there is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=host) as sock,
        ):
            return hashlib.sha256(sock.getpeercert(binary_form=True) or b"").hexdigest()
    except ssl.SSLError:
        return ""

"""The production edge: Debian's Caddy with the configuration that we ship, our agent, and a web server behind."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from domains.edge.agent import Agent, NotSafe
from domains.edge.probe import Probed, probe
from domains.models import BaseCertificate, EdgeRevision
from portaladmin.up import launch
from provisioning.models import Portal
from tests.domains import programs
from tests.domains.authority import Issued
from tests.domains.conftest import Keep
from tests.domains.serving import Process, curl, fingerprint, root_file, routed, s_client, served
from tests.up.running import free_port
from tests.waiting import until

__all__ = ["routed"]

HOST = "www.contoso.com"
TOKEN = "0f" * 32


@pytest.fixture(scope="module")
def agent(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    port = free_port()
    environ = {"EDGE_AGENT_ADDRESS": f"127.0.0.1:{port}", "EDGE_AGENT_TOKEN": TOKEN}
    agent = Process("edge_agent", tmp_path_factory.mktemp("agent") / "log", port, **environ)
    agent.start()
    yield agent
    agent.stop()
    with django_db_blocker.unblock():
        BaseCertificate.objects.all().delete()
        EdgeRevision.objects.all().delete()


@pytest.fixture
def caddy(agent: Process, live_server: LiveServer, settings: LazySettings, tmp_path: Path) -> Iterator[int]:
    """Its HTTPS port."""
    port, plain = free_port(), free_port()
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "HTTPS_PORT": str(port),
        "HTTP_PORT": str(plain),
        "EDGE_AGENT": f"127.0.0.1:{agent.port}",
        "EDGE_AGENT_TOKEN": TOKEN,
        "WEB": live_server.url.removeprefix("http://"),
    }
    config = django_settings.BASE_DIR / "deploy" / "Caddyfile"
    command = [programs.find("caddy"), "run", "--adapter", "caddyfile", "--config", str(config)]
    with (tmp_path / "log").open("wb") as log:
        process = launch.start(command, environ=environ, cwd=tmp_path, output=log)

    def listens() -> bool:
        assert process.poll() is None, (tmp_path / "log").read_text()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(listens, what="Caddy")
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ask(port: int, path: str, token: str | None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {}
    if token is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"caddy:{token}".encode()).decode()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


@pytest.mark.django_db(transaction=True)
def test_the_agent_gives_keys_to_nobody_without_its_token(agent: Process, routed: Portal, keep: Keep) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    path = f"/certificate?server_name={HOST}"
    until(lambda: ask(agent.port, path, TOKEN)[0] == 200, what="the agent")
    assert certificate.unseal_key().strip().encode() in ask(agent.port, path, TOKEN)[1]
    for wrong in (None, "", "x", TOKEN[:-1], TOKEN + "x"):
        assert ask(agent.port, path, wrong) == (401, b"")
    assert ask(agent.port, "/certificate?server_name=unknown.example", TOKEN) == (204, b"")
    assert ask(agent.port, "/certificate", TOKEN) == (204, b"")
    assert ask(agent.port, "/ask?domain=unknown.example", TOKEN) == (403, b"")
    assert ask(agent.port, "/other", TOKEN) == (404, b"")


@pytest.mark.parametrize(
    ("address", "token"),
    [
        ("0.0.0.0:0", TOKEN),
        ("192.0.2.1:0", TOKEN),
        ("localhost:0", TOKEN),
        ("127.0.0.1:0", "short"),
        ("127.0.0.1:0", ""),
    ],
)
def test_the_agent_starts_only_where_strangers_cannot_ask(address: str, token: str) -> None:
    with pytest.raises(NotSafe):
        Agent(address, token=token, snapshot=lambda: pytest.fail("asked"), most=1)


@pytest.mark.django_db(transaction=True)
def test_caddy_serves_what_the_agent_gives(
    caddy: int, routed: Portal, keep: Keep, root: Issued, tmp_path: Path
) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    until(lambda: fingerprint(caddy, HOST) == certificate.fingerprint, what="Caddy with the certificate")
    trusted = curl(caddy, HOST, "-i", "--cacert", str(root_file(root, tmp_path)))
    assert trusted.returncode == 0, trusted.stderr
    assert trusted.stdout.startswith("HTTP/2 ")
    assert f"x-portal-id: {routed.id}" in trusted.stdout.lower()
    assert probe(f"127.0.0.1:{caddy}", HOST) == Probed(certificate.fingerprint, routed.id)


@pytest.mark.django_db(transaction=True)
def test_caddy_serves_a_new_certificate_with_the_next_handshake_and_no_other_names(
    caddy: int, routed: Portal, keep: Keep
) -> None:
    old, new = keep(HOST), keep(HOST)
    domain = served(routed, old, HOST)
    until(lambda: fingerprint(caddy, HOST) == old.fingerprint, what="the old one")
    type(domain).objects.filter(pk=domain.pk).update(certificate=new)
    until(lambda: fingerprint(caddy, HOST) == new.fingerprint, seconds=5, what="the new one")
    assert "no peer certificate available" in s_client(caddy, "unknown.example")
    assert probe(f"127.0.0.1:{caddy}", "unknown.example") == Probed(None)

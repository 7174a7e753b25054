"""The production edge: Debian's Caddy with the configuration that we ship, our agent, and a web server behind."""

from __future__ import annotations

import base64
import http.client
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
# What the portal of these tests answers to whoever gets through.
GETTING_SET_UP = "503"
TOKEN = "0f" * 32


@dataclass(frozen=True)
class Caddy:
    """Its ports for HTTPS and HTTP, and the folder where it writes whatever it writes."""

    port: int
    plain: int
    folder: Path


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
def caddy(agent: Process, live_server: LiveServer, settings: LazySettings, tmp_path: Path) -> Iterator[Caddy]:
    """It runs."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    with running(agent, live_server.url.removeprefix("http://"), tmp_path) as caddy:
        yield caddy


@contextmanager
def running(agent: Process, web: str, tmp_path: Path) -> Iterator[Caddy]:
    """Caddy, with this web server behind it."""
    port, plain = free_port(), free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "HTTPS_PORT": str(port),
        "HTTP_PORT": str(plain),
        "EDGE_AGENT": f"127.0.0.1:{agent.port}",
        "EDGE_AGENT_TOKEN": TOKEN,
        "WEB": web,
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
        yield Caddy(port, plain, tmp_path)
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


def test_the_agent_listens_on_loopback_of_either_kind_and_bears_nonsense() -> None:
    with Agent("[::1]:0", token=TOKEN, snapshot=lambda: pytest.fail("asked"), most=1) as agent:
        thread = threading.Thread(target=agent.serve_forever)
        thread.start()
        try:
            for nonsense in (b"GET //[ HTTP/1.1", b"GET", b"\0", b"GET / HTTP/9.9", b"x" * 100_000):
                with socket.create_connection(("::1", agent.server_port), timeout=10) as sock:
                    sock.sendall(nonsense + b"\r\n\r\n")
                    assert b" 200 " not in sock.recv(1000)
        finally:
            agent.shutdown()
            thread.join()


@pytest.mark.django_db(transaction=True)
def test_caddy_serves_what_the_agent_gives(
    caddy: Caddy, routed: Portal, keep: Keep, root: Issued, tmp_path: Path
) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    until(lambda: fingerprint(caddy.port, HOST) == certificate.fingerprint, what="Caddy with the certificate")
    trusted = curl(caddy.port, HOST, "-i", "--cacert", str(root_file(root, tmp_path)))
    assert trusted.returncode == 0, trusted.stderr
    assert trusted.stdout.startswith("HTTP/2 ")
    assert f"x-portal-id: {routed.id}" in trusted.stdout.lower()
    assert probe(f"127.0.0.1:{caddy.port}", HOST) == Probed(certificate.fingerprint, routed.id)


@pytest.mark.django_db(transaction=True)
def test_caddy_serves_a_new_certificate_with_the_next_handshake_and_no_other_names(
    caddy: Caddy, routed: Portal, keep: Keep
) -> None:
    old, new = keep(HOST), keep(HOST)
    domain = served(routed, old, HOST)
    until(lambda: fingerprint(caddy.port, HOST) == old.fingerprint, what="the old one")
    type(domain).objects.filter(pk=domain.pk).update(certificate=new)
    until(lambda: fingerprint(caddy.port, HOST) == new.fingerprint, seconds=5, what="the new one")
    assert "no peer certificate available" in s_client(caddy.port, "unknown.example")
    assert probe(f"127.0.0.1:{caddy.port}", "unknown.example") == Probed(None)


def status(caddy: Caddy, *options: str) -> str:
    return curl(caddy.port, HOST, "-k", "-o", "/dev/null", "-w", "%{http_code}", *options).stdout


@pytest.mark.django_db(transaction=True)
def test_another_host_than_the_handshakes_is_misdirected(caddy: Caddy, routed: Portal, keep: Keep) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    until(lambda: fingerprint(caddy.port, HOST) == certificate.fingerprint, what="Caddy")
    assert status(caddy) == GETTING_SET_UP
    for protocol in ("--http1.1", "--http2"):
        for host in ("localhost", routed.host, "unknown.example"):
            assert status(caddy, protocol, "-H", f"Host: {host}") == "421", (protocol, host)


@pytest.mark.django_db(transaction=True)
def test_what_a_visitor_says_of_proxies_is_not_believed(caddy: Caddy, routed: Portal, keep: Keep) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    until(lambda: fingerprint(caddy.port, HOST) == certificate.fingerprint, what="Caddy")
    spoofed = ["X-Forwarded-Proto: https", "X-Forwarded-Host: localhost", "X_Forwarded_Proto: https"]
    options = [word for header in spoofed for word in ("-H", header)]
    assert status(caddy, *options) == GETTING_SET_UP
    # Over plain HTTP nobody gets a page by saying that it was HTTPS.
    done = subprocess.run(
        [
            *(programs.find("curl"), "-s", "-i", "--max-time", "20", *options),
            *("-H", f"Host: {HOST}", f"http://127.0.0.1:{caddy.plain}/"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("HTTP/1.1 301"), done
    assert f"Location: https://{HOST}" in done.stdout


@pytest.mark.django_db(transaction=True)
def test_made_up_names_push_nobody_out_and_neither_key_nor_token_is_written_anywhere(
    caddy: Caddy, routed: Portal, keep: Keep
) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    until(lambda: fingerprint(caddy.port, HOST) == certificate.fingerprint, what="Caddy")
    with ThreadPoolExecutor(8) as pool:
        flood = pool.map(lambda number: fingerprint(caddy.port, f"n{number}.example"), range(400))
        good = [fingerprint(caddy.port, HOST) for _ in range(40)]
        assert set(flood) == {""}
    assert set(good) == {certificate.fingerprint}
    key = certificate.unseal_key().split()[-4]
    written = {path: path.read_text(errors="replace") for path in caddy.folder.rglob("*") if path.is_file()}
    assert written
    assert not any(key in text for text in written.values())
    # Its own copy of the configuration has the token, for its own user alone.
    assert {path.name for path, text in written.items() if TOKEN in text} == {"autosave.json"}
    assert (caddy.folder / "caddy" / "autosave.json").stat().st_mode & 0o077 == 0


@pytest.mark.django_db(transaction=True)
def test_a_session_that_is_resumed_opens_nothing_that_was_unbound(
    caddy: Caddy, routed: Portal, keep: Keep, tmp_path: Path
) -> None:
    certificate = keep(HOST)
    domain = served(routed, certificate, HOST)
    until(lambda: fingerprint(caddy.port, HOST) == certificate.fingerprint, what="Caddy")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # here the ticket comes with the handshake
    first = _shaken(caddy, context, None)
    session = first.session
    first.close()
    type(domain).objects.filter(pk=domain.pk).update(published_at=None, state="removing")
    until(lambda: fingerprint(caddy.port, HOST) == "", seconds=5, what="Caddy without the host")
    try:
        resumed = _shaken(caddy, context, session)
    except OSError:
        return
    with resumed:
        resumed.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        assert resumed.recv(65536).startswith(b"HTTP/1.1 421")


def _shaken(caddy: Caddy, context: ssl.SSLContext, session: ssl.SSLSession | None) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", caddy.port), timeout=10)
    return context.wrap_socket(plain, server_hostname=HOST, session=session)


@pytest.mark.django_db(transaction=True)
def test_while_the_agent_is_away_handshakes_fail_at_once_and_afterwards_they_succeed(
    caddy: Caddy, agent: Process, routed: Portal, keep: Keep
) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    until(lambda: fingerprint(caddy.port, HOST) == certificate.fingerprint, what="Caddy")
    agent.stop()
    try:
        began = time.monotonic()
        assert fingerprint(caddy.port, HOST) == ""
        assert time.monotonic() - began < 5
    finally:
        agent.start()
    until(lambda: fingerprint(caddy.port, HOST) == certificate.fingerprint, what="Caddy again")


class Web(ThreadingHTTPServer):
    """A web server that knows what was asked of it: each request as it begins, each body when it is there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.begun: list[str] = []
        self.bodies: list[bytes] = []


class _Answering(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.begun.append(f"{self.command} {self.path}")
        if self.command == "POST":
            self.server.bodies.append(self._body())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def _body(self) -> bytes:
        if length := self.headers["Content-Length"]:
            return self.rfile.read(int(length))
        chunks = []
        while size := int(self.rfile.readline() or b"0", 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield web
        web.shutdown()
        thread.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("protocol", ["--http1.1", "--http2"])
def test_who_sends_a_body_slowly_holds_nothing_of_the_web_process(
    agent: Process, web: Web, routed: Portal, keep: Keep, tmp_path: Path, protocol: str
) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    with running(agent, f"127.0.0.1:{web.server_port}", tmp_path) as caddy:
        until(lambda: fingerprint(caddy.port, HOST) == certificate.fingerprint, what="Caddy")
        slow = subprocess.Popen(
            [
                *(programs.find("curl"), "-skv", protocol, "--max-time", "30", "-X", "POST", "-T", "-"),
                *("-H", "Expect:"),
                *("--resolve", f"{HOST}:{caddy.port}:127.0.0.1", f"https://{HOST}:{caddy.port}/slow"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert slow.stdin is not None
        assert slow.stderr is not None
        with slow, slow.stdin:
            slow.stdin.write(b"12345")
            slow.stdin.flush()
            # The head was sent; whoever comes after it is served, while the web process has not heard of it.
            assert next((line for line in slow.stderr if line.startswith(b"> POST /slow")), b"")
            assert [status(caddy, protocol) for _ in range(5)] == ["200"] * 5
            assert web.begun == ["GET /"] * 5
            slow.stdin.write(b"67890")
            slow.stdin.close()
            until(lambda: web.bodies == [b"1234567890"], what="the whole body")
            slow.stderr.read()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "told", [["-H", "Transfer-Encoding: chunked"], []], ids=["chunked", "with its length"]
)
def test_a_body_beyond_the_limit_is_refused_and_reaches_nobody_whole(
    agent: Process, web: Web, routed: Portal, keep: Keep, tmp_path: Path, told: list[str]
) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    large = tmp_path / "large"
    large.write_bytes(b"x" * (1024 * 1024 + 1))
    with running(agent, f"127.0.0.1:{web.server_port}", tmp_path) as caddy:
        until(lambda: fingerprint(caddy.port, HOST) == certificate.fingerprint, what="Caddy")
        send = ("--http1.1", "-X", "POST", "-H", "Expect:", *told, "--data-binary", f"@{large}")
        assert status(caddy, *send) in {"413", "502"}
        assert all(len(body) <= 1024 * 1024 for body in web.bodies)


@pytest.mark.django_db(transaction=True)
def test_an_agent_that_says_nothing_holds_handshakes_until_it_ends_and_none_afterwards(
    caddy: Caddy, agent: Process, routed: Portal, keep: Keep
) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    until(lambda: fingerprint(caddy.port, HOST) == certificate.fingerprint, what="Caddy")
    assert agent.process is not None
    agent.process.send_signal(signal.SIGSTOP)
    with ThreadPoolExecutor(10) as pool:
        held = [pool.submit(fingerprint, caddy.port, HOST) for _ in range(10)]
        try:
            with socket.socket() as idle:
                idle.settimeout(5)
                assert idle.connect_ex(("127.0.0.1", caddy.port)) == 0
            # As whoever supervises it would.
            agent.process.kill()
            agent.process.wait()
            until(lambda: all(one.done() for one in held), what="the handshakes that were held")
            assert {one.exception() or one.result() for one in held if one.exception() is None} <= {""}
        finally:
            agent.start()
    until(lambda: fingerprint(caddy.port, HOST) == certificate.fingerprint, what="Caddy again")

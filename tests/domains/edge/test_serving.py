"""The embedded edge from outside: openssl and curl, under load, in a flood, and while the rest is restarted."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from domains.models import CustomDomain
from domains.states import DomainState
from provisioning.models import Portal
from tests.domains.authority import Issued
from tests.domains.conftest import Keep
from tests.domains.serving import (
    Edge,
    curl,
    edge,
    edge_process,
    fingerprint,
    root_file,
    routed,
    s_client,
    served,
)
from tests.waiting import until

__all__ = ["edge", "edge_process", "routed"]

pytestmark = pytest.mark.django_db(transaction=True)

HOST = "www.contoso.com"


def serves(edge: Edge, host: str, wanted: str) -> None:
    until(lambda: fingerprint(edge.port, host) == wanted, seconds=5, what=f"{host} at the edge")


def test_a_new_host_is_served_within_a_second_and_without_a_restart(
    edge: Edge, routed: Portal, keep: Keep
) -> None:
    certificate = keep(HOST)
    # What the test before had there goes with the edge's next look.
    serves(edge, HOST, "")
    assert edge.process is not None
    process = edge.process.pid
    began = time.monotonic()
    served(routed, certificate, HOST)
    serves(edge, HOST, certificate.fingerprint)
    # Its look comes every half second; the rest is for a machine that is busy.
    assert time.monotonic() - began < 2.0
    assert edge.process.pid == process


def test_curl_trusts_the_chain_and_gets_the_portal(
    edge: Edge, routed: Portal, keep: Keep, root: Issued, tmp_path: Path
) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    serves(edge, HOST, certificate.fingerprint)
    done = curl(edge.port, HOST, "--include", "--cacert", str(root_file(root, tmp_path)))
    assert done.returncode == 0, done.stderr
    head = done.stdout.partition("\n\n")[0].lower()
    assert f"x-portal-id: {routed.id}" in head
    # Browsers do not know the test's authority, so no promise is made for a year.
    assert "strict-transport-security" not in head
    assert "set-cookie" not in head


def test_hsts_is_promised_for_a_certificate_that_browsers_trust(
    edge: Edge, routed: Portal, keep: Keep
) -> None:
    certificate = keep(HOST)
    type(certificate).objects.filter(pk=certificate.pk).update(is_trusted=True)
    served(routed, certificate, HOST)
    serves(edge, HOST, certificate.fingerprint)
    assert "strict-transport-security: max-age=31536000\n" in curl(
        edge.port, HOST, "-k", "-i"
    ).stdout.replace("\r", "")


def test_openssl_sees_tls_of_today_without_tickets(edge: Edge, routed: Portal, keep: Keep) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    serves(edge, HOST, certificate.fingerprint)
    assert "TLSv1.3" in s_client(edge.port, HOST, "-brief")
    assert "New, TLSv1.2" in s_client(edge.port, HOST, "-tls1_2")
    assert "session ticket:" not in s_client(edge.port, HOST, "-tls1_2")
    old = s_client(edge.port, HOST, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert "CONNECTED" in old
    assert "alert protocol version" in old or "Cipher is (NONE)" in old


def test_a_name_that_is_not_ours_gets_an_alert_and_no_certificate(edge: Edge) -> None:
    for name in ("unknown.example", "deep.below.portals.localhost", None):
        said = s_client(edge.port, name)
        assert "unrecognized name" in said, name
        assert "no peer certificate available" in said


def test_the_base_domain_has_a_self_made_certificate(edge: Edge, routed: Portal) -> None:
    assert f"x-portal-id: {routed.id}" in curl(edge.port, routed.host, "-k", "-i").stdout.lower()
    assert "self-signed" in curl(edge.port, routed.host).stderr.replace("self signed", "self-signed")


def test_another_host_on_the_same_connection_is_misdirected(edge: Edge, routed: Portal, keep: Keep) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    serves(edge, HOST, certificate.fingerprint)
    for header in (f"Host: {routed.host}", "Host: unknown.example", "Host: localhost", "Host: 127.0.0.1"):
        done = curl(edge.port, HOST, "-k", "-o", "/dev/null", "-w", "%{http_code}", "-H", header)
        assert done.stdout == "421", header


def test_a_host_that_is_unbound_is_not_served_on_connections_that_are_open(
    edge: Edge, routed: Portal, keep: Keep
) -> None:
    certificate = keep(HOST)
    domain = served(routed, certificate, HOST)
    serves(edge, HOST, certificate.fingerprint)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", edge.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as sock,
    ):
        CustomDomain.objects.filter(pk=domain.pk).update(published_at=None, state=DomainState.REMOVING)
        serves(edge, HOST, "")
        sock.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 421")


def test_a_certificate_is_replaced_under_load_without_one_failed_handshake(
    edge: Edge, routed: Portal, keep: Keep
) -> None:
    certificates = [keep(HOST) for _ in range(4)]
    domain = served(routed, certificates[0], HOST)
    serves(edge, HOST, certificates[0].fingerprint)
    over, seen, failures = threading.Event(), set[str](), list[str]()

    def client() -> None:
        while not over.is_set():
            try:
                seen.add(fingerprint(edge.port, HOST) or "refused")
            except OSError as error:
                failures.append(str(error))

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for certificate in certificates[1:]:
            CustomDomain.objects.filter(pk=domain.pk).update(certificate=certificate)
            serves(edge, HOST, certificate.fingerprint)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert seen == {certificate.fingerprint for certificate in certificates}


def test_a_flood_of_made_up_names_asks_the_database_nothing_and_leaves_good_hosts(
    edge: Edge, routed: Portal, keep: Keep
) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    serves(edge, HOST, certificate.fingerprint)
    asked = _statements()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: fingerprint(edge.port, f"n{n}.example"), range(2000)))
    assert set(found) == {""}
    assert fingerprint(edge.port, HOST) == certificate.fingerprint
    # What the edge itself asks every half second stays; two thousand names add nothing to it.
    assert _statements() - asked < 500


def _statements() -> int:
    """Transactions of this database so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT pg_stat_get_db_xact_commit(oid) FROM pg_database WHERE datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def test_silent_clients_hold_nobody_up_and_are_sent_away(edge: Edge, routed: Portal, keep: Keep) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    serves(edge, HOST, certificate.fingerprint)
    silent = [socket.create_connection(("127.0.0.1", edge.port)) for _ in range(200)]
    try:
        began = time.monotonic()
        assert fingerprint(edge.port, HOST) == certificate.fingerprint
        assert time.monotonic() - began < 5
        silent[0].settimeout(30)
        assert silent[0].recv(1) == b""
    finally:
        for sock in silent:
            sock.close()


def test_a_database_that_cuts_its_connections_is_asked_again_and_handshakes_go_on(
    edge: Edge, routed: Portal, keep: Keep
) -> None:
    old, new = keep(HOST), keep(HOST)
    domain = served(routed, old, HOST)
    serves(edge, HOST, old.fingerprint)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] > 0
    assert fingerprint(edge.port, HOST) == old.fingerprint
    CustomDomain.objects.filter(pk=domain.pk).update(certificate=new)
    serves(edge, HOST, new.fingerprint)


def opened(process: int) -> Iterator[str]:
    """The files that a process has open."""
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            yield str(descriptor.readlink())


def test_no_key_is_ever_on_a_disk(edge: Edge, routed: Portal, keep: Keep) -> None:
    certificate = keep(HOST)
    served(routed, certificate, HOST)
    serves(edge, HOST, certificate.fingerprint)
    assert edge.process is not None
    assert "PRIVATE KEY" not in edge.said()
    # What it was read from is closed as soon as it was read.
    process = edge.process.pid
    until(lambda: not any("memfd" in target for target in opened(process)), what="no key in an open file")
    assert timezone.now() < certificate.not_after

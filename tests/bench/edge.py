"""What the HTTPS edge costs with very many hosts: full handshakes, memory, and the time until a new host is served.

Handshakes are counted a second of the server's own processor time, since the clients share the machine with it.
`python -m tests.bench.edge` prints the table alone; with `--json` the ratios for `tests.bench`, with `--small` a short
run. Caddy is measured where it is installed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import django
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.bench import servers
from tests.bench.table import HEADING, Bound, Ratio, interleaved, ratios
from tests.domains.dns.servers import Internet, internet
from tests.up.running import free_port
from tests.waiting import until

if TYPE_CHECKING:
    from provisioning.models import Portal

GOAL = 0.8
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Size:
    hosts: int = 10_000
    handshakes: int = 3_000
    rounds: int = 5
    bindings: int = 5


SMALL = Size(hosts=20, handshakes=40, rounds=1, bindings=1)


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


@dataclass
class Server:
    """Processes that answer handshakes together: the edge alone, or Caddy and the agent that it asks."""

    port: int
    processes: Sequence[subprocess.Popen[bytes]]

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        total = 0
        for process in self.processes:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory(self) -> int:
        """Bytes of the first process that are in memory."""
        text = Path(f"/proc/{self.processes[0].pid}/status").read_text()
        return 1024 * int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")))


def handshake(port: int, host: str) -> bytes:
    """A full one, as a client that was never here; the certificate that it was shown, b"" for none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=host) as sock:
                return sock.getpeercert(binary_form=True) or b""
        except ssl.SSLError:
            return b""


def rate(server: Server, hosts: Sequence[str], count: int) -> float:
    """Full handshakes a second of processor time."""
    chosen = random.choices(hosts, k=count)  # noqa: S311 - no secret
    before = server.cpu()
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda host: handshake(server.port, host), chosen)), "a handshake failed"
    return count / (server.cpu() - before or 1 / TICKS)


def _pair(host: str) -> tuple[x509.Certificate, str, str]:
    """A self-signed certificate of P-256, with both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host[:60])])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=90))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate, certificate.public_bytes(serialization.Encoding.PEM).decode(), pem.decode()


def prepare() -> None:
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)


def make_hosts(count: int) -> list[str]:
    """As many custom domains, each with a certificate of its own, served from the end of this on."""
    from django.db import transaction
    from django.utils import timezone

    from domains.models import Certificate, CustomDomain
    from organizations.models import Instance
    from provisioning.models import Portal

    now = timezone.now()
    instance = Instance.objects.create(
        name="Hosts", url="https://hosts.example", type="sandbox", version="9.0", base_language=1033
    )
    names = [f"h{n}.hosts.example" for n in range(count)]
    portals, certificates, domains = [], [], []
    for name in names:
        found, chain, key = _pair(name)
        certificate = Certificate(
            instance=instance,
            subject=name,
            names=[name],
            issuer=name,
            serial=f"{found.serial_number:X}"[:60],
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            ends_at=found.not_valid_after_utc,
            fingerprint=found.fingerprint(hashes.SHA256()).hex(),
            thumbprint=found.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - as Windows shows it
            chain=chain,
            is_trusted=False,
        )
        certificate.seal_key(key)
        portal = Portal(type="production")
        portals.append(portal)
        certificates.append(certificate)
        domains.append(
            CustomDomain(
                portal=portal,
                hostname=name,
                certificate=certificate,
                state="bound",
                published_at=now,
                bound_at=now,
            )
        )
    with transaction.atomic():
        Portal.objects.bulk_create(portals, batch_size=1000)
        Certificate.objects.bulk_create(certificates, batch_size=1000)
        CustomDomain.objects.bulk_create(domains, batch_size=1000)
    return names


@contextmanager
def running(
    command: Sequence[str], log: Path, port: int, **environ: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A process, from when it listens."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            env={**os.environ, "LOG_LEVEL": "WARNING", **environ},
            stdout=output,
            stderr=output,
        )

    def listens() -> bool:
        assert process.poll() is None, log.read_text()[-2000:]
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(listens, seconds=60, what=" ".join(command))
        yield process
    finally:
        process.terminate()
        process.wait(30)


def manage(name: str) -> list[str]:
    return [sys.executable, "manage.py", name]


@contextmanager
def edge(folder: Path) -> Iterator[Server]:
    port = free_port()
    with running(manage("edge"), folder / "edge.log", port, HTTPS_PORT=str(port)) as process:
        yield Server(port, [process])


@contextmanager
def plain(folder: Path) -> Iterator[Server]:
    """uvicorn with one certificate."""
    _, chain, key = _pair("plain.example")
    (folder / "plain.crt").write_text(chain)
    (folder / "plain.key").write_text(key)
    port = free_port()
    command = [
        sys.executable,
        *"-m uvicorn tests.bench.plain:application --no-access-log --lifespan off".split(),
    ]
    command += ["--http", "h11", "--loop", "asyncio", "--port", str(port)]
    command += ["--ssl-certfile", str(folder / "plain.crt"), "--ssl-keyfile", str(folder / "plain.key")]
    with running(command, folder / "plain.log", port) as process:
        yield Server(port, [process])


@contextmanager
def caddy(folder: Path, program: str) -> Iterator[Server]:
    """Caddy with the configuration that we ship, and the agent that it asks at each handshake."""
    asked, port, http = free_port(), free_port(), free_port()
    token = "0123456789abcdef" * 4
    environ = {
        "EDGE_AGENT_ADDRESS": f"127.0.0.1:{asked}",
        "EDGE_AGENT": f"127.0.0.1:{asked}",
        "EDGE_AGENT_TOKEN": token,
        "HTTPS_PORT": str(port),
        "HTTP_PORT": str(http),
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    command = [program, "run", "--adapter", "caddyfile", "--config", "deploy/Caddyfile"]
    with (
        running(manage("edge_agent"), folder / "agent.log", asked, **environ) as agent,
        running(command, folder / "caddy.log", port, **environ) as process,
    ):
        yield Server(port, [process, agent])


def _served(server: Server, host: str) -> None:
    until(lambda: handshake(server.port, host), seconds=60, what=f"{host} served")


def measured(size: Size, folder: Path) -> list[Ratio]:
    """Needs `servers.running()` and `prepare()`."""
    with ExitStack() as stack:
        ours, theirs = stack.enter_context(edge(folder)), stack.enter_context(plain(folder))
        empty = ours.memory()
        say(f"Making {size.hosts:,} hosts…")
        hosts = make_hosts(size.hosts)
        _served(ours, hosts[-1])
        known = ours.memory()
        began = ours.cpu()
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(lambda host: handshake(ours.port, host), hosts))
        say(
            f"  first handshake of a host: {1000 * (ours.cpu() - began) / len(hosts):.2f} ms of processor time"
        )
        per_host = (known - empty) / len(hosts) / 1024, (ours.memory() - known) / len(hosts) / 1024
        say(f"  memory of a host: {per_host[0]:.1f} KB known, {per_host[1]:.1f} KB more once it is used")
        found = [
            Ratio("memory of the edge for a host that is used, in KB", [sum(per_host)]),
            _against(
                f"handshakes a processor second: {size.hosts:,} hosts, in plain uvicorn's",
                size,
                ours,
                hosts,
                theirs,
                ["x"],
                GOAL,
            ),
        ]
        if program := shutil.which("caddy"):
            other = stack.enter_context(caddy(folder, program))
            rate(other, hosts, 10)
            found.append(
                _against("the same, in Caddy's with the agent", size, ours, hosts, other, hosts, None)
            )
        found += _bindings(size, ours)
        return found


def _against(
    title: str,
    size: Size,
    ours: Server,
    hosts: Sequence[str],
    theirs: Server,
    others: Sequence[str],
    goal: float | None,
) -> Ratio:
    both = interleaved(
        size.rounds, lambda: rate(ours, hosts, size.handshakes), lambda: rate(theirs, others, size.handshakes)
    )
    say(f"  {title}: {max(both[0]):.0f}/s and {max(both[1]):.0f}/s")
    return Ratio(title, ratios(*both), Bound.AT_LEAST if goal else None, goal or 0.0)


def _bindings(size: Size, ours: Server) -> list[Ratio]:
    """From Next to the first good handshake: DNS, publishing and the look at the edge, beside all the hosts."""
    if not all(shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("nsd", "unbound")):
        return []
    from django.conf import settings

    settings.EDGE_ADDRESS = f"127.0.0.1:{ours.port}"
    with internet() as net:
        settings.DNS_RESOLVERS = [f"{net.RESOLVER}:{net.port}"]
        settings.DNS_LOOPBACK_PORT = net.port
        taken = [_bound(net, ours, number) for number in range(size.bindings)]
    say(f"  from Next to the first good handshake: {min(taken):.2f} to {max(taken):.2f} s")
    return [Ratio("seconds from Next to the first good handshake", taken, Bound.AT_MOST, 5.0)]


def _bound(net: Internet, ours: Server, number: int) -> float:
    from domains.models import Certificate
    from domains.services import binding
    from jobs import runner

    portal, host = _portal(number), f"n{number}.contoso.com"
    net.put(f"n{number} 1 IN CNAME {portal.host}.\n")
    pattern = Certificate.objects.exclude(subject="").first()
    assert pattern is not None
    found, chain, key = _pair(host)
    pattern.pk = None
    pattern._state.adding = True
    pattern.id = Certificate._meta.pk.get_default()
    pattern.subject, pattern.names, pattern.chain = host, [host], chain
    pattern.fingerprint = found.fingerprint(hashes.SHA256()).hex()
    pattern.seal_key(key)
    pattern.instance = portal.instance  # type: ignore[assignment]
    pattern.save()
    began = time.perf_counter()
    job = binding.bind(portal_id=portal.id, hostname=host, certificate_id=pattern.id, user=None)
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(_work, runner.run, job.id)
        until(lambda: handshake(ours.port, host), seconds=60, what=f"{host} served")
        taken = time.perf_counter() - began
        work.result()
    return taken


def _work(run: Callable[..., object], job_id: object) -> None:
    from django.db import connection

    run(job_id)
    connection.close()


def _portal(number: int) -> Portal:
    """A portal that is configured and answers."""
    from django.utils import timezone

    from jobs.models import Job
    from organizations.models import Instance
    from provisioning.models import Address, Portal

    now = timezone.now()
    instance = Instance.objects.get(name="Hosts")
    job = Job.objects.create(
        kind="provision",
        definition=1,
        state="succeeded",
        step_count=0,
        run_at=now,
        created_at=now,
        finished_at=now,
    )
    portal = Portal.objects.create(
        name=f"Bench {number}",
        type="production",
        phase="configured",
        packages="installed",
        instance=instance,
        subdomain=f"bench{number}",
        language=1033,
        provision_job=job,
    )
    Address.objects.create(subdomain=portal.subdomain, instance=instance, portal=portal, is_routed=True)
    return portal


def main(arguments: Sequence[str]) -> None:
    size = SMALL if "--small" in arguments else Size()
    with servers.running() as folder:
        prepare()
        found = measured(size, folder)
    if "--json" in arguments:
        sys.stdout.write(json.dumps([asdict(ratio) for ratio in found]))
        return
    sys.stdout.write("\n".join([HEADING, *(ratio.line() for ratio in found), ""]))


if __name__ == "__main__":
    main(sys.argv[1:])

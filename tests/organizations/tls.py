"""An authority of our own and a TLS server that it certifies, which passes all on to the product's web server."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host"}


def certify(folder: Path, host: str) -> tuple[Path, Path]:
    """Files: the authority's certificate, and the server's key with its certificate."""
    authority_key, server_key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for tests")])
    now = datetime.now(UTC)

    def certificate(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(name).public_key(key.public_key())
        )
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(
            now - timedelta(hours=1)
        )
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.not_valid_after(now + timedelta(days=1)).add_extension(own, critical=False)
        return builder.add_extension(identifier, critical=False)

    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    authority = certificate(name, authority_key).add_extension(x509.BasicConstraints(True, 0), critical=True)
    signed = authority.add_extension(usage, critical=True).sign(authority_key, hashes.SHA256())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    server = certificate(subject, server_key).add_extension(x509.BasicConstraints(False, None), critical=True)
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    leaf = server.add_extension(names, critical=False).sign(authority_key, hashes.SHA256())
    trusted, own = folder / "authority.pem", folder / "server.pem"
    trusted.write_bytes(signed.public_bytes(Encoding.PEM))
    private = server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    own.write_bytes(private + leaf.public_bytes(Encoding.PEM))
    return trusted, own


@contextmanager
def serving(folder: Path, host: str, upstream: str) -> Iterator[tuple[int, Path]]:
    """The port of a TLS server for the host, and the authority's file; `upstream` is `host:port` over HTTP."""
    trusted, own = certify(folder, host)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            inner = HTTPConnection(upstream, timeout=30)
            headers |= {"Host": self.headers["Host"], "X-Forwarded-Proto": "https"}
            inner.request(self.command, self.path, body=body, headers=headers)
            answer = inner.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP | {"content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            inner.close()

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _pass_on

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a test says what went wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield int(socket.socket.getsockname(server.socket)[1]), trusted
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

"""Whether the product answers: the page /readyz knows of database, broker and worker; the edge listens or not."""

import http.client
import socket

READY = 200


def ask(host: str, port: int) -> tuple[bool, str]:
    """Whether /readyz answers 200, and what it said otherwise, in one line."""
    connection = http.client.HTTPConnection(_address(host), port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{port}"})
        answer = connection.getresponse()
        body = " ".join(answer.read(2000).decode(errors="replace").split())
    except (OSError, http.client.HTTPException) as error:
        return False, f"no answer ({error})"
    finally:
        connection.close()
    return answer.status == READY, f"{answer.status} {body}"


def listens(host: str, port: int) -> tuple[bool, str]:
    """Whether the edge takes connections, and what stood in the way, in one line. It listens when it knows what to
    serve.
    """
    try:
        socket.create_connection((_address(host), port), timeout=5).close()
    except OSError as error:
        return False, f"the edge does not listen ({error})"
    return True, ""


def _address(host: str) -> str:
    """A server that listens everywhere is asked at home."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}.get(host, host.strip("[]"))  # noqa: S104

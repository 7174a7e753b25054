"""Whether the product answers: the page /readyz knows of database, broker and worker."""

import http.client

READY = 200


def ask(host: str, port: int) -> tuple[bool, str]:
    """Whether /readyz answers 200, and what it said otherwise, in one line."""
    # A server that listens everywhere is asked at home.
    address = {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}.get(host, host.strip("[]"))  # noqa: S104
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{port}"})
        answer = connection.getresponse()
        body = " ".join(answer.read(2000).decode(errors="replace").split())
    except (OSError, http.client.HTTPException) as error:
        return False, f"no answer ({error})"
    finally:
        connection.close()
    return answer.status == READY, f"{answer.status} {body}"

"""The ports that the product listens on."""

import errno
import socket

from portaladmin.up.errors import CannotStart


def check(name: str, text: str, host: str) -> int:
    """The port in the variable `name`, found to be free on `host`.

    Raises CannotStart when it is no port, is taken or is not ours to take.
    """
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotStart(
            f"{name}={text} is no port; give a number from 1 to 65535, for example: make up {name}=8010"
        )
    port = int(text)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        # As the web server does it: connections of the last run that linger are no hindrance, a listener is.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host.strip("[]"), port))
        except OSError as error:
            raise CannotStart(_refusal(name, port, host, error)) from error
    return port


def _refusal(name: str, port: int, host: str, error: OSError) -> str:
    # Low ports go to root alone, and a port one up from the taken one is as good as any.
    other = port + 1 if 1024 <= port < 65535 else 8010
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program; stop that one, or choose another port: make up {name}={other}"
    if error.errno == errno.EACCES:
        return f"Port {port} is not open to you; choose one from 1024 on: make up {name}={other}"
    return f"Port {port} on {host} cannot be used ({error.strerror}); see BIND and {name}"

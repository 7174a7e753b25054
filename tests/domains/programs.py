"""Programs of the system that these tests need: name servers, a resolver, TLS clients, an edge.

On a machine without them the tests are skipped and say what to install; with CI=true they fail, so that nobody
believes that what was never tried holds.
"""

from __future__ import annotations

import os
import shutil

import pytest

# By program: Debian's package.
PACKAGES = {
    "nsd": "nsd",
    "unbound": "unbound",
    "caddy": "caddy",
    "haproxy": "haproxy",
    "openssl": "openssl",
    "curl": "curl",
}
# Servers are often there only for root.
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


def find(name: str) -> str:
    """The program's path. Skips the test where it is missing, or fails it with CI=true."""
    if path := shutil.which(name, path=PATH):
        return path
    said = f"{name} is not installed; run: apt-get install {PACKAGES[name]}"
    if os.environ.get("CI") == "true":
        pytest.fail(said)
    pytest.skip(said)

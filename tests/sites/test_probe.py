"""The hosting's probe, over real HTTP, tells the states of a portal apart."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from provisioning.hosting import hosting
from provisioning.ports import Face
from tests.sites.conftest import MakeWorld


@pytest.fixture(autouse=True)
def _web_server(live_server: LiveServer, settings: LazySettings) -> None:
    settings.WEB_ADDRESS = urlsplit(live_server.url).netloc


@pytest.mark.parametrize(
    ("columns", "status", "face"),
    [
        ({}, 200, Face.LIVE),
        ({"published_at": None}, 503, Face.GETTING_SET_UP),
        ({"is_on": False}, 503, Face.OFF),
        ({"samples": False}, 404, Face.LIVE),
    ],
)
def test_the_probe_sees_what_visitors_see(
    make_world: MakeWorld, columns: dict[str, object], status: int, face: Face
) -> None:
    portal = make_world("probed", **columns).portal
    probe = hosting().probe("probed")
    assert (probe.portal_id, probe.status, probe.face) == (portal.id, status, face)


def test_the_probe_sees_that_nobody_is_there(make_world: MakeWorld) -> None:
    make_world("probed")
    probe = hosting().probe("elsewhere")
    assert (probe.portal_id, probe.status, probe.face) == (None, 404, Face.NOBODY)

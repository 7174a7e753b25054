from __future__ import annotations

import threading

import pytest
from django.conf import LazySettings
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from provisioning.adapters.embedded_hosting import EmbeddedHosting
from provisioning.models import Address, Portal
from provisioning.ports import AddressTaken, Hosting, HostingUnavailable
from tests.contracts.hosting import HostingContract, Plots
from tests.provisioning.conftest import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hosting(web: LiveServer) -> Hosting:
    return EmbeddedHosting()


@pytest.fixture
def plots(world: World) -> Plots:
    first, second, stranger = Portal.objects.order_by("created_at", "id")[:3]
    return Plots(first.id, second.id, world.production.id, stranger.id, world.sandbox.id)


class TestEmbeddedHosting(HostingContract):
    pass


def test_a_race_for_one_address_has_one_winner(hosting: Hosting, plots: Plots) -> None:
    barrier, outcomes = threading.Barrier(2), []

    def reserve(portal: object) -> None:
        barrier.wait()
        try:
            hosting.reserve("help", portal_id=portal, instance_id=plots.organization)  # type: ignore[arg-type]
            outcomes.append("got it")
        except AddressTaken as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=reserve, args=[portal]) for portal in (plots.first, plots.second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["got it", "url_taken"]
    assert Address.objects.count() == 1


def test_a_web_server_that_is_not_there_is_told(hosting: Hosting, settings: LazySettings) -> None:
    settings.WEB_ADDRESS = "127.0.0.1:1"
    with pytest.raises(HostingUnavailable):
        hosting.probe("help")

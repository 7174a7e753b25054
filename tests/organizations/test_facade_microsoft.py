"""Microsoft's own client works with an embedded organization, over TLS, with tokens from its endpoint."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from organizations.facade.tokens import TENANT
from organizations.models import Instance, Record
from tests.organizations.facade import add_client, host
from tests.organizations.tls import serving
from tests.organizations.world import make_instance

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # pandas, which the client brings, looks at parts of NumPy that warn.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pandas", "ignore::DeprecationWarning:numpy"),
]


@pytest.fixture
def instance(db: None) -> Instance:
    return make_instance()


@pytest.fixture
def client(
    instance: Instance,
    live_server: LiveServer,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Any]:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    from azure.identity import ClientSecretCredential
    from PowerPlatform.Dataverse.client import DataverseClient

    name, upstream = host(instance), live_server.url.removeprefix("http://")
    resolve = socket.getaddrinfo

    def ours(wanted: Any, *args: Any, **kwargs: Any) -> Any:
        return resolve("127.0.0.1" if wanted in (name, name.encode()) else wanted, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", ours)
    with serving(tmp_path, name, upstream) as (port, trusted):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
        monkeypatch.setenv("NO_PROXY", "*")
        credentials = add_client(instance)
        credential = ClientSecretCredential(
            str(TENANT),
            str(credentials.client_id),
            credentials.secret,
            authority=f"https://{name}:{port}",
            disable_instance_discovery=True,
        )
        with DataverseClient(f"https://{name}:{port}", credential) as made:
            yield made
        credential.close()


def test_create_read_update_and_delete(client: Any) -> None:
    key = client.records.create("account", {"name": "Litware", "telephone1": "1", "numberofemployees": 5})
    client.records.update("account", key, {"telephone1": "2"})
    found = client.records.retrieve("account", key, select=["name", "telephone1"])
    assert (found["name"], found["telephone1"]) == ("Litware", "2")
    client.records.delete("account", key)
    assert Record.objects.count() == 0


def test_many_at_once(client: Any) -> None:
    keys = client.records.create("account", [{"name": name} for name in "abc"])
    assert len(keys) == 3
    client.records.update("account", keys, {"telephone1": "5"})
    assert {row.attributes["telephone1"] for row in Record.objects.all()} == {"5"}


def test_queries_with_filter_order_and_pages(client: Any) -> None:
    client.records.create("account", [{"name": f"a{n}", "numberofemployees": n} for n in range(7)])
    pages = list(
        client.records.list_pages(
            "account",
            select=["name"],
            filter="numberofemployees gt 0",
            orderby=["numberofemployees desc"],
            page_size=2,
        )
    )
    assert [len(list(page)) for page in pages] == [2, 2, 2]
    assert [row["name"] for page in pages for row in page] == ["a6", "a5", "a4", "a3", "a2", "a1"]


def test_upsert_by_an_alternate_key(client: Any) -> None:
    from PowerPlatform.Dataverse.models.upsert import UpsertItem

    def item(name: str) -> Any:
        return UpsertItem(alternate_key={"accountnumber": "A-1"}, record={"name": name})

    client.records.upsert("account", [item("before")])
    client.records.upsert("account", [item("after")])
    other = UpsertItem(alternate_key={"accountnumber": "A-2"}, record={"name": "other"})
    client.records.upsert("account", [item("at last"), other])
    assert sorted(row.attributes["name"] for row in Record.objects.all()) == ["at last", "other"]


def test_a_batch_with_a_change_set(client: Any) -> None:
    batch = client.batch.new()
    batch.records.create("account", {"name": "alone"})
    with batch.changeset() as changes:
        made = changes.records.create("account", {"name": "Litware"})
        changes.records.update("account", made, {"telephone1": "7"})
    result = batch.execute()
    assert [answer.status_code for answer in result.responses] == [204, 204, 204]
    assert Record.objects.get(attributes__name="Litware").attributes["telephone1"] == "7"


def test_a_change_set_that_fails_leaves_nothing(client: Any) -> None:
    batch = client.batch.new()
    with batch.changeset() as changes:
        changes.records.create("account", {"name": "Litware"})
        changes.records.create("account", {"nothing": 1})
    result = batch.execute()
    assert result.responses[0].error_code == "0x80048d19"
    assert Record.objects.count() == 0


def test_many_are_removed_at_once(client: Any) -> None:
    keys = client.records.create("account", [{"name": name} for name in "abc"])
    client.records.delete("account", keys[:2])
    assert [row.attributes["name"] for row in Record.objects.all()] == ["c"]


def test_an_error_is_told_with_its_code(client: Any) -> None:
    from PowerPlatform.Dataverse.core.errors import HttpError

    with pytest.raises(HttpError) as error:
        list(client.records.list("account", filter="nothing eq 1"))
    assert error.value.details["service_error_code"] == "0x80060888"

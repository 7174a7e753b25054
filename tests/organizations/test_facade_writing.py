"""Writing through the Web API by alternate keys and by versions: what must stay true however a record is changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from organizations.models import Instance, Record
from tests.organizations.facade import Api, add_client, fault

pytestmark = pytest.mark.django_db
DUPLICATE, OUT_OF_DATE = (412, "0x80040237"), (412, "0x80060882")
_MANY = "accounts/Microsoft.Dynamics.CRM."


@pytest.fixture
def api(instance: Instance) -> Api:
    return Api(instance, add_client(instance))


def _patch(api: Api, key: str, number: str) -> HttpResponse:
    return api.send("PATCH", f"accounts({key})", {"accountnumber": number})


def _put(api: Api, key: str, number: str) -> HttpResponse:
    return api.send("PUT", f"accounts({key})/accountnumber", {"value": number})


def _update_many(api: Api, key: str, number: str) -> HttpResponse:
    targets = {"Targets": [{"accountid": key, "accountnumber": number}]}
    return api.send("POST", f"{_MANY}UpdateMultiple", targets)


def _upsert_many(api: Api, key: str, number: str) -> HttpResponse:
    targets = {"Targets": [{"accountid": key, "accountnumber": number}]}
    return api.send("POST", f"{_MANY}UpsertMultiple", targets)


Change = Callable[[Api, str, str], HttpResponse]
_WAYS = [_patch, _put, _update_many, _upsert_many]


@pytest.mark.parametrize("change", _WAYS)
def test_no_change_gives_two_records_the_same_alternate_key(api: Api, change: Change) -> None:
    api.create("accounts", {"accountnumber": "A-1"})
    second = api.create("accounts", {"accountnumber": "A-2"})
    assert fault(change(api, second, "A-1")) == DUPLICATE
    assert api.get("accounts(accountnumber='A-1')").status_code == 200


@pytest.mark.parametrize("change", _WAYS)
def test_a_record_may_be_given_its_own_alternate_key_again(api: Api, change: Change) -> None:
    key = api.create("accounts", {"accountnumber": "A-1"})
    assert change(api, key, "A-1").status_code == 204
    assert change(api, key, "A-3").status_code == 204
    assert api.get("accounts(accountnumber='A-3')").status_code == 200


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_nothing_is_no_alternate_key(api: Api, method: str) -> None:
    """It would name any of the records that have no number."""
    api.create("accounts", {"name": "without a number"})
    assert api.send(method, "accounts(accountnumber=null)", {"name": "b"}).status_code == 400
    assert [row["name"] for row in api.rows("accounts")] == ["without a number"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_property_of_an_older_version_is_not_written(api: Api, method: str) -> None:
    key = api.create("accounts", {"name": "a"})
    path, value = f"accounts({key})/name", {"value": "b"} if method == "PUT" else None
    assert fault(api.send(method, path, value, If_Match='W/"99"')) == OUT_OF_DATE
    assert api.send(method, path, value, If_Match='W/"1"').status_code == 204


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_that_no_clock_shows_is_the_senders_mistake(api: Api, time: str) -> None:
    assert fault(api.send("POST", "accounts", {"lastonholdtime": time})) == (400, "0x80048d19")


def test_a_body_of_unknown_length_makes_no_empty_record(api: Api) -> None:
    """What comes in pieces is not read here; silence would make a record without anything in it."""
    response = api.send("POST", "accounts", Transfer_Encoding="chunked")
    assert response.status_code == 411
    assert json.loads(response.content)["error"]["message"]
    assert Record.objects.count() == 0


@pytest.mark.parametrize("address", ["/a(" * 200_000, "a" * 200_000, "accounts(" * 200_000])
def test_an_endless_reference_is_refused_at_once(api: Api, address: str) -> None:
    targets: dict[str, Any] = {"Targets": [{"@odata.id": address, "name": "a"}]}
    assert api.send("POST", f"{_MANY}UpsertMultiple", targets).status_code == 404
